import { openLoop } from '../load/open-loop.ts'
import { latenciesOf, speedOf } from '../load/latencies.ts'
import { type Comparison, compareTargets } from './compare-targets.ts'
import type { Part } from './part.ts'

/** Calls that wait for a connection of their own; beyond them the caller is what is measured. */
const MOST_CONNECTIONS = 512
const SEED = 18

/** Within `goodMs` an image counts as in time. */
const LOADS = [
  { picture: 'small', size: '2 kB', perSecond: 100, goodMs: 100 },
  { picture: 'large', size: '1.5 MB', perSecond: 8, goodMs: 500 }
] as const

export const open: Part = {
  name: 'open',
  about: `callers who come when they come (Poisson): ${LOADS.map(({ size, perSecond }) => `${size} at ${perSecond}/s`).join(', ')}`,
  run: (context) => {
    const { seconds } = context.options
    const comparisons = LOADS.map(({ picture, size, perSecond, goodMs }): Comparison => ({
      what: `Open loop, ${size}, ${perSecond} arrivals a second, good within ${goodMs} ms`,
      picture,
      connections: MOST_CONNECTIONS,
      nextCall: () => ({}),
      load: (call, run) => openLoop(call, { perSecond, seconds, seed: SEED + run }),
      figures: (result) => {
        const latencies = latenciesOf(result)
        const good = latencies.filter((ms) => ms <= goodMs).length
        return { ...speedOf(result), 'good images/s': good / result.seconds }
      }
    }))
    return compareTargets(context, comparisons)
  }
}
