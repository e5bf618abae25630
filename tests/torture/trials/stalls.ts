import { MOST_LOSSES } from '../../../src/requests/retry-policy.ts'
import { sleep } from '../../../src/lib/async.ts'
import { type CuttableProxy, startCuttableProxy } from '../../support/cuttable-proxy.ts'
import { databaseFile, readInFlight, readMostLosses } from '../../support/in-flight.ts'
import { waitFor } from '../../support/wait-for.ts'
import { startTorturedSite } from '../tortured-site.ts'
import type { Trial } from '../trial.ts'

/** Longer than a lease, for agents that cannot be heard; agents give up a doubtful transfer after five seconds. */
const LONGEST_STALL_MS = 6000

/** Every flow between agents and gateway dies without a word to either end, and for a while new ones do as well. */
export const stalls: Trial = {
  name: 'stalls',
  weight: 3,
  run: async (parts) => {
    let proxy: CuttableProxy | undefined
    const onTheWay = async (url: string) => (proxy = await startCuttableProxy(url)).url
    const site = await startTorturedSite(parts, { onTheWay, gatewayEnv: { INFERENCE_CLUB_LIMITS_SILENCE: '2s' } })
    try {
      const random = parts.random.fork('stalls')
      const end = performance.now() + parts.seconds * 1000
      let [silenced, inFlight, times] = [0, 0, 0]
      const stallAll = async () => {
        while (performance.now() < end) {
          await sleep(random.between(500, 4000))
          // The fifth loss ends an image, and is right to.
          await waitFor(() => readMostLosses(site.dataDir) < MOST_LOSSES - 2, 60_000)
          times += 1
          proxy?.setStalling(random.below(2) === 0)
          silenced += Math.floor(proxy?.silence() ?? 0)
          inFlight += readInFlight(databaseFile(site.dataDir)).length
          await sleep(random.between(0, LONGEST_STALL_MS))
          proxy?.setStalling(false)
        }
      }
      await site.loadDuring(stallAll(), { perSecond: 8 })
      return await site.conclude(`${times} stalls, ${silenced} flows silenced, ${inFlight} images in flight`, {
        mostRemakes: inFlight,
        mostOrphans: inFlight
      })
    } finally {
      await site.remove()
      await proxy?.close()
    }
  }
}
