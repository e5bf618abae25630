import { DatabaseSync } from 'node:sqlite'
import { sleep } from '../../../src/lib/async.ts'
import { databaseFile } from '../../support/in-flight.ts'
import { mib } from '../audit-site.ts'
import type { MemoryInUse } from '../inside/tell-memory.ts'
import { startTorturedSite } from '../tortured-site.ts'
import type { Trial } from '../trial.ts'

const CALLERS = 24
/** Images after which memory is looked at; the first is when everything has been used once. */
const MARKS = [1000, 2000, 3000, 6000, 10_000, 15_000, 20_000, 30_000, 50_000, 100_000]
/** Above what it was at the first mark. */
const MOST_MEMORY_GAINED = 24 * 1024 ** 2

/** Callers who come back as soon as they have their image, for as long as there is time: an hour of it, made short. */
export const load: Trial = {
  name: 'load',
  weight: 5,
  run: async (parts) => {
    const site = await startTorturedSite(parts, { imageMs: [0, 1], failOneIn: 0, slots: 6 })
    const database = new DatabaseSync(databaseFile(site.dataDir), { readOnly: true, timeout: 5000 })
    const counting = database.prepare('select count(*) as count from usage_images')
    const count = () => Number(counting.get()?.count)
    try {
      const end = performance.now() + parts.seconds * 1000
      const seen: { images: number; memory: MemoryInUse }[] = []
      const look = async () => void seen.push({ images: count(), memory: await site.memory() })
      const measure = async () => {
        while (performance.now() < end) {
          await sleep(500)
          if (count() >= (MARKS[seen.length] ?? Infinity)) await look()
        }
        await look()
      }
      await site.callDuring(measure(), { callers: CALLERS })
      const inUse = ({ memory }: (typeof seen)[number]) => memory.heap + memory.buffers
      const told = seen.map((at) => `${at.images}: ${mib(inUse(at))} (${mib(at.memory.resident)} resident)`)
      const verdict = await site.conclude(
        `${Math.round(count() / parts.seconds)} images/s, in use at ${told.join(', ')}`
      )
      const gained = inUse(seen.at(-1)!) - inUse(seen[0]!)
      const wrong = gained > MOST_MEMORY_GAINED ? [`memory in use rose by ${mib(gained)} after ${MARKS[0]} images`] : []
      return { ...verdict, wrong: [...wrong, ...verdict.wrong] }
    } finally {
      database.close()
      await site.remove()
    }
  }
}
