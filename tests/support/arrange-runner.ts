import { Readable } from 'node:stream'
import { type Assigned, AttemptRunner, type AttemptRunnerParts } from '../../src/agent/attempt-runner.ts'
import type { AgentServiceConfig } from '../../src/config/agent-config.ts'
import { GatewayTransfers } from '../../src/agent/gateway-transfers.ts'
import type { Engine, EngineError, EngineRun } from '../../src/engines/engine.ts'
import { silentLogger } from '../../src/lib/logger.ts'
import type { AgentMessage } from '../../src/protocol/messages.ts'

/** An image of the one model that its service offers, with its id as its prompt. */
export const assigned = (id: string): Assigned => ({
  type: 'attempt.assigned',
  attempt_id: id,
  token: `token of ${id}`,
  service: 'images',
  model: 'model',
  task: { kind: 'generation', prompt: id, seed: 1, extra: {}, inputs: [] }
})

/** A runner of a service with one slot, whose engine works until it is let go, even when it is told to stop. */
export function arrangeRunner(
  parts: Partial<AttemptRunnerParts> = {},
  { failure, config = {} }: { failure?: EngineError; config?: Partial<AgentServiceConfig> } = {}
) {
  const working = new Map<string, { run: EngineRun; letGo: () => void }>()
  let most = 0
  const engine: Engine = {
    name: 'test',
    describe: async () => ({ reachable: true, models: [] }) as never,
    generate: async (task, run) => {
      if (failure) throw failure
      const { promise, resolve } = Promise.withResolvers<undefined>()
      working.set(task.prompt, { run, letGo: () => resolve(undefined) })
      most = Math.max(most, working.size)
      await promise
      working.delete(task.prompt)
      if (run.signal.aborted) throw run.signal.reason as Error
      return { bytes: Readable.from(read()), mediaType: 'image/png', seed: null, warnings: [] }
    }
  }
  const sent: AgentMessage[] = []
  const arrival = Promise.withResolvers<undefined>()
  const bytes = { isHeldBack: false, arrive: () => arrival.resolve(undefined) }
  async function* read() {
    if (bytes.isHeldBack) await arrival.promise
    yield Buffer.from('no picture')
  }
  const link = { isUp: true }
  const runner = new AttemptRunner({
    gateway: 'http://127.0.0.1:9',
    transfers: new GatewayTransfers(),
    uploads: { bring: async () => undefined },
    serviceOf: () => ({
      engine,
      config: {
        name: 'images',
        type: 'image',
        concurrency: 1,
        prefetch: 1,
        timeoutMs: 60_000,
        access: 'members',
        models: [{ id: 'model', servedAs: 'model', features: ['generate'] }],
        options: {},
        ...config
      }
    }),
    send: (message) => {
      if (link.isUp) sent.push(message)
      return link.isUp
    },
    limits: { maxImageBytes: 1000, maxInputBytes: 1000, inputRoomBytes: 1000, maxPixels: 1000 },
    logger: silentLogger(),
    ...parts
  })
  const turn = () => new Promise((resolve) => setImmediate(resolve))
  return { runner, sent, link, working, bytes, mostAtOnce: () => most, turn }
}
