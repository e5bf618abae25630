import { DatabaseSync } from 'node:sqlite'
import { sleep } from '../../../src/lib/async.ts'
import { databaseFile } from '../../support/in-flight.ts'
import { mib } from '../audit-site.ts'
import type { MemoryInUse } from '../inside/tell-memory.ts'
import { startTorturedSite } from '../tortured-site.ts'
import type { Trial } from '../trial.ts'

const CALLERS = 24
/** When everything has been used once. */
const WARM_AFTER_IMAGES = 1000
/** How often memory is looked at from then on. */
const LOOKS = 18
/** What is in use, above what was at the first look. */
const MOST_MEMORY_GAINED = 24 * 1024 ** 2
/** What the process holds, in the last third of the looks for each byte in the middle third. */
const MOST_HELD = 1.1

interface Look {
  images: number
  memory: MemoryInUse
}

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
      const began = performance.now()
      const end = began + parts.seconds * 1000
      const looks: Look[] = []
      const measure = async () => {
        while (count() < WARM_AFTER_IMAGES && performance.now() < end) await sleep(200)
        const everyMs = (end - performance.now()) / (LOOKS - 1)
        for (let next = performance.now(); looks.length < LOOKS; next += everyMs) {
          await sleep(Math.max(0, next - performance.now()))
          looks.push({ images: count(), memory: await site.memory() })
        }
      }
      await site.callDuring(measure(), { callers: CALLERS })
      const told = looks.filter((_, index) => index % 3 === 0 || index === LOOKS - 1).map(tell)
      const rate = Math.round(count() / ((performance.now() - began) / 1000))
      const verdict = await site.conclude(`${rate} images/s, in use at ${told.join(', ')}`)
      return { ...verdict, wrong: [...judgeMemory(looks), ...verdict.wrong] }
    } finally {
      database.close()
      await site.remove()
    }
  }
}

const inUse = ({ memory }: Look): number => memory.heap + memory.buffers
const tell = (look: Look): string => `${look.images}: ${mib(inUse(look))} (${mib(look.memory.resident)} resident)`

/** Exported for its test. */
export function judgeMemory(looks: readonly Look[]): string[] {
  const wrong: string[] = []
  const [first, last] = [looks[0], looks.at(-1)]
  if (!first || !last) return wrong
  const gained = inUse(last) - inUse(first)
  if (gained > MOST_MEMORY_GAINED) wrong.push(`memory in use rose by ${mib(gained)} after ${first.images} images`)
  const third = Math.floor(looks.length / 3)
  const [before, after] = [looks.slice(-2 * third, -third), looks.slice(-third)].map(medianHeld)
  if (before !== undefined && after !== undefined && after > before * MOST_HELD)
    wrong.push(`memory held rose from ${mib(before)} to ${mib(after)} in the last third`)
  return wrong
}

function medianHeld(looks: readonly Look[]): number | undefined {
  const held = looks.map(({ memory }) => memory.resident).toSorted((a, b) => a - b)
  return held[Math.floor((held.length - 1) / 2)]
}
