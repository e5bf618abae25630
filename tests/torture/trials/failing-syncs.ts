import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { sleep } from '../../../src/lib/async.ts'
import { readInFlightAtDeath } from '../../support/in-flight.ts'
import { failingSyncs as loadFailing } from '../inside/fail-syncs.ts'
import { startTorturedSite } from '../tortured-site.ts'
import type { Trial } from '../trial.ts'

/** Of a gateway whose log cannot be synced. */
const EXIT_CODE = 1

/** The disk refuses to sync images for a while, which must end nothing, or the log, after which only a restart knows what is true. */
export const failingSyncs: Trial = {
  name: 'failing-syncs',
  weight: 2,
  run: async (parts) => {
    let file = ''
    const inside = (folder: string) => loadFailing((file = join(folder, 'failing')))
    const site = await startTorturedSite(parts, { inside })
    try {
      const random = parts.random.fork('syncs')
      const end = performance.now() + parts.seconds * 1000
      const wrong: string[] = []
      const times = { log: 0, files: 0 }
      let inFlight = 0
      const failAgainAndAgain = async () => {
        for (let round = 0; performance.now() < end; round++) {
          await sleep(random.between(500, 3000))
          const what = round % 3 === 2 ? 'log' : 'files'
          times[what] += 1
          const ended = what === 'log' ? site.gateway.meantToEnd() : undefined
          await writeFile(file, what)
          if (!ended) {
            await sleep(random.between(200, 3000))
            await rm(file)
            continue
          }
          const { code } = await ended
          if (code !== EXIT_CODE) wrong.push(`a log that cannot be synced ended the gateway with ${code}`)
          inFlight += (await readInFlightAtDeath(site.dataDir)).length
          await rm(file)
          await site.gateway.start()
        }
      }
      await site.loadDuring(failAgainAndAgain(), { perSecond: 8 })
      const verdict = await site.conclude(
        `syncs failed ${times.files} times of images, ${times.log} times of the log; ${site.tally.putOff} calls put off`,
        { mostRemakes: inFlight, mostOrphans: inFlight }
      )
      return { ...verdict, wrong: [...wrong, ...verdict.wrong] }
    } finally {
      await site.remove()
    }
  }
}
