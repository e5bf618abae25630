import { type Agent, runAgent } from '../../../src/agent/run-agent.ts'
import { inBackground, sleep } from '../../../src/lib/async.ts'
import { silentLogger } from '../../../src/lib/logger.ts'
import { type CuttableProxy, startCuttableProxy } from '../../support/cuttable-proxy.ts'
import { databaseFile, readInFlight, readInFlightAtDeath } from '../../support/in-flight.ts'
import { MODEL } from '../../support/process-site.ts'
import { agentConfig } from '../../support/test-gateway.ts'
import { waitFor } from '../../support/wait-for.ts'
import { get } from '../audit-site.ts'
import { startTorturedSite, type TorturedSite } from '../tortured-site.ts'
import type { Trial } from '../trial.ts'

const AGENTS = 50
const BACK_WITHIN_MS = 30_000

/** All of many agents lose their connection at the same moment, and come back at the same moment. */
export const reconnectStorm: Trial = {
  name: 'reconnect-storm',
  weight: 2,
  run: async (parts) => {
    const gatewayEnv = { INFERENCE_CLUB_LIMITS_PROVIDERS_PER_USER: '100' }
    const site = await startTorturedSite(parts, { agents: 0, gatewayEnv })
    const proxy = await startCuttableProxy(site.url)
    const ended: string[] = []
    const agents = Array.from({ length: AGENTS }, (_, number) => {
      const agent = startAgent({ site, proxy, name: `storm-${number}` })
      inBackground(agent.finished, (error) => ended.push(`the agent storm-${number} ended: ${String(error)}`))
      return agent
    })
    try {
      await Promise.all(agents.map((agent) => agent.online))
      const random = parts.random.fork('storm')
      const end = performance.now() + parts.seconds * 1000
      const away: number[] = []
      let inFlight = 0
      const storm = async () => {
        while (performance.now() < end) {
          await sleep(random.between(500, 3000))
          const dies = random.below(3) === 0
          if (dies) await site.gateway.kill()
          else proxy.setDown(true)
          proxy.cut()
          inFlight += dies
            ? (await readInFlightAtDeath(site.dataDir)).length
            : readInFlight(databaseFile(site.dataDir)).length
          await sleep(random.between(0, 2000))
          const began = performance.now()
          if (dies) await site.gateway.start()
          else proxy.setDown(false)
          await waitFor(async () => (await countOnline(site)) === AGENTS, BACK_WITHIN_MS)
          away.push(performance.now() - began)
        }
      }
      await site.loadDuring(storm(), { perSecond: 15 })
      const slowest = (Math.max(0, ...away) / 1000).toFixed(1)
      const happened = `${away.length} storms of ${AGENTS} agents, all back after ${slowest} s at most`
      const verdict = await site.conclude(happened, { mostRemakes: inFlight, mostOrphans: inFlight })
      return { ...verdict, wrong: [...verdict.wrong, ...ended] }
    } finally {
      await Promise.all(agents.map((agent) => agent.stop()))
      await proxy.close()
      await site.remove()
    }
  }
}

function startAgent({ site, proxy, name }: { site: TorturedSite; proxy: CuttableProxy; name: string }): Agent {
  const models = [{ id: MODEL, servedAs: MODEL, features: ['generate' as const, 'edit' as const, 'seed' as const] }]
  const service = { engine: 'openai', url: site.engineUrl, models }
  const config = agentConfig({ gateway: proxy.url, key: site.key, name, services: [service] })
  return runAgent({ config, logger: silentLogger() })
}

async function countOnline(site: TorturedSite): Promise<number> {
  const text = await (await get(site, '/metrics')).text()
  return Number(/^inference_club_agents_online (\d+)$/m.exec(text)?.[1])
}
