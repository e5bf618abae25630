import type { Figures } from '../measurements.ts'
import type { LoadResult } from './closed-loop.ts'
import { mean, median, quantile } from './statistics.ts'

/** Milliseconds of the calls that were answered with an image. */
export const latenciesOf = ({ answers }: LoadResult): number[] =>
  answers.filter(({ failure }) => failure === undefined).map(({ ms }) => ms)

/** Under the names that the benchmarks of SGLang have for them, as far as they have any. */
export function speedOf(result: LoadResult): Figures {
  const latencies = latenciesOf(result)
  return {
    'images/s': latencies.length / result.seconds,
    'mean, ms': mean(latencies),
    'median, ms': median(latencies),
    'p99, ms': quantile(latencies, 0.99)
  }
}

/** How many were not answered with an image, and why the first was not; nothing when all were. */
export function failuresOf({ answers }: LoadResult): { figures: Figures; note?: string } {
  const failures = answers.flatMap(({ failure }) => failure ?? [])
  if (failures.length === 0) return { figures: {} }
  return { figures: { failed: failures.length }, note: `some calls failed: ${failures[0]}` }
}
