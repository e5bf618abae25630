import { HOUR_MS } from '../../../src/lib/durations.ts'
import { join } from 'node:path'
import { sleep } from '../../../src/lib/async.ts'
import { readInFlightAtDeath } from '../../support/in-flight.ts'
import { shiftClock, shiftingClock } from '../inside/shift-clock.ts'
import { startTorturedSite } from '../tortured-site.ts'
import type { Trial } from '../trial.ts'

const JUMPS_MS = [-2 * HOUR_MS, 2 * HOUR_MS, -160_000, 160_000, -26 * HOUR_MS, 26 * HOUR_MS, 1500, -1500]
/** Usage is looked for within three days. */
const FARTHEST_MS = 40 * HOUR_MS

/** The gateway's clock is set, forth and back, while it runs and while it is down. */
export const clockJumps: Trial = {
  name: 'clock-jumps',
  weight: 2,
  run: async (parts) => {
    let file = ''
    const inside = (folder: string) => shiftingClock((file = join(folder, 'clock')))
    const site = await startTorturedSite(parts, { inside })
    try {
      const random = parts.random.fork('jumps')
      const end = performance.now() + parts.seconds * 1000
      const jumps: number[] = []
      let ahead = 0
      let inFlight = 0
      const jump = async () => {
        const by = JUMPS_MS[random.below(JUMPS_MS.length)]!
        if (Math.abs(ahead + by) > FARTHEST_MS) return
        jumps.push(by)
        await shiftClock(file, (ahead += by))
      }
      const jumpAround = async () => {
        for (let round = 0; performance.now() < end; round++) {
          await sleep(random.between(1000, 4000))
          if (round % 4 !== 3) {
            await jump()
            continue
          }
          await site.gateway.kill()
          inFlight += (await readInFlightAtDeath(site.dataDir)).length
          await jump()
          await site.gateway.start()
        }
      }
      await site.loadDuring(jumpAround(), { perSecond: 8 })
      const told = jumps.map((ms) => `${ms > 0 ? '+' : '−'}${Math.abs(ms) / 1000}`).join(' ')
      return await site.conclude(`jumps of ${told} s, ${inFlight} images in flight at restarts`, {
        mostRemakes: inFlight,
        mostOrphans: inFlight
      })
    } finally {
      await site.remove()
    }
  }
}
