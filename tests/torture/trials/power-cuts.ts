import { join } from 'node:path'
import { sleep } from '../../../src/lib/async.ts'
import { cutPower } from '../cut-power.ts'
import { notingSyncs } from '../inside/note-syncs.ts'
import { startTorturedSite, type TorturedSite } from '../tortured-site.ts'
import type { Trial, TrialParts } from '../trial.ts'

const SECONDS_OF_A_CUT = 8
/** When nothing is promised for so long, the power goes anyway. */
const LONGEST_WATCH_MS = 2000

/** What a power cut would leave while the gateway runs, without all that was not synced, is started anew and audited. */
export const powerCuts: Trial = {
  name: 'power-cuts',
  weight: 3,
  run: async (parts) => {
    let syncs = ''
    const inside = (folder: string) => notingSyncs((syncs = join(folder, 'syncs')))
    const site = await startTorturedSite(parts, { inside })
    try {
      const random = parts.random.fork('cuts')
      const cuts = Math.max(1, Math.round(parts.seconds / SECONDS_OF_A_CUT))
      const wrong: string[] = []
      let lost = 0
      const cutAll = async () => {
        for (let number = 1; number <= cuts; number++) {
          await sleep(random.between(500, 3000))
          // At random, or at the moment at which there is most to lose.
          if (number % 2 === 1) await Promise.race([site.nextPromise(), sleep(LONGEST_WATCH_MS)])
          const folder = join(site.dataDir, '..', `cut-${number}`)
          lost += await cutPower(site.gateway, { dataDir: site.dataDir, syncs, into: join(folder, 'data') })
          wrong.push(...(await goOn(parts, { site, folder })).map((what) => `after cut ${number} ${what}`))
        }
      }
      await site.loadDuring(cutAll(), { perSecond: 6 })
      // The copies made the same images.
      const verdict = await site.conclude(`${cuts} cuts, ${Math.round(lost / 1024)} KiB lost`, {
        mostRemakes: Infinity
      })
      return { ...verdict, wrong: [...wrong, ...verdict.wrong] }
    } finally {
      await site.remove()
    }
  }
}

/** Starts what is left; whatever had been promised by then must come. */
async function goOn(
  parts: TrialParts,
  { site, folder }: { site: TorturedSite; folder: string }
): Promise<readonly string[]> {
  const promised = [...site.accepted]
  const survivor = await startTorturedSite(parts, { folder, engineUrl: site.engineUrl })
  try {
    survivor.accepted.push(...promised)
    const may = { alsoUnheardOf: true, mostRemakes: Infinity, mostOrphans: promised.length }
    return (await survivor.conclude('', may)).wrong
  } finally {
    await survivor.remove()
  }
}
