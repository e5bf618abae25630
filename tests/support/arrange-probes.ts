import { onTestFinished } from 'vitest'
import type { AgentService } from '../../src/agent/agent-services.ts'
import type { ProbeTimes } from '../../src/agent/probe-times.ts'
import type { ServiceState } from '../../src/agent/server-finding.ts'
import { ServiceProbes } from '../../src/agent/service-probes.ts'
import { type Engine, EngineError } from '../../src/engines/engine.ts'
import { type Logger, silentLogger } from '../../src/lib/logger.ts'
import type { ServiceInventory } from '../../src/protocol/service-inventory.ts'

/** What an image server is found to be that is there. */
export const GOOD = { models: [], summary: 'there' }
export const gone = () => Promise.reject(new EngineError('unreachable', 'It cannot be reached.'))

/** Probes of services by name, each answering as told, and what they told. */
export function arrangeProbes(
  engines: Record<string, Engine['describe'] | undefined>,
  config: object = {},
  {
    lookEveryMs = 60_000,
    isBusy = () => false,
    logger = silentLogger(),
    times,
    takesConnections
  }: {
    lookEveryMs?: number
    isBusy?: (service: string) => boolean
    logger?: Logger
    times?: Partial<ProbeTimes>
    takesConnections?: (url: string) => Promise<boolean>
  } = {}
) {
  const told: ServiceState[] = []
  const inventories: ServiceInventory[] = []
  const probes = new ServiceProbes({
    onState: (state) => told.push(state),
    onInventory: (inventory) => inventories.push(inventory),
    isBusy,
    logger,
    ...(takesConnections && { takesConnections }),
    times: { withinMs: 50, firstPauseMs: 5, longestPauseMs: 20, lookEveryMs, ...times }
  })
  onTestFinished(() => probes.close())
  const services = new Map(
    Object.entries(engines).map(([name, describe]) => {
      const engine = describe && { name, describe, generate: () => Promise.reject(new Error('not asked for')) }
      return [name, { engine, config: { models: [], ...config } } as unknown as AgentService]
    })
  )
  probes.start(services)
  return { probes, told, inventories, services }
}
