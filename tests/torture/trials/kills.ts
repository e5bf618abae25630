import { type HavocPlan, wreakHavoc } from '../../support/havoc.ts'
import { startTorturedSite } from '../tortured-site.ts'
import type { Trial } from '../trial.ts'

const SECONDS_OF_A_LIFE = 4
const AGENTS = 2

/** SIGKILL for the gateway and its agents, at random and just when something was promised or stored. */
export const kills: Trial = {
  name: 'kills',
  weight: 3,
  run: async (parts) => {
    const site = await startTorturedSite(parts)
    try {
      const plan: HavocPlan = {
        gatewayKills: Math.max(1, Math.round(parts.seconds / SECONDS_OF_A_LIFE)),
        agentKills: Math.max(1, Math.round(parts.seconds / SECONDS_OF_A_LIFE / AGENTS)),
        leaseMs: 3000,
        uptimeMs: [100, 2000]
      }
      const havoc = wreakHavoc({
        site,
        plan,
        random: parts.random.fork('havoc'),
        onRound: () => undefined,
        nextPromise: () => site.nextPromise(),
        playScene: async () => undefined
      })
      const blows = await site.loadDuring(havoc, { perSecond: 10 })
      const inFlight = blows.reduce((sum, { tasks }) => sum + tasks.length, 0)
      const of = (victim: RegExp) => blows.filter((blow) => victim.test(blow.victim)).length
      return await site.conclude(
        `${of(/gateway/)} kills of the gateway, ${of(/rig/)} blows to agents, ${inFlight} images in flight under them`,
        { mostRemakes: inFlight, mostOrphans: inFlight }
      )
    } finally {
      await site.remove()
    }
  }
}
