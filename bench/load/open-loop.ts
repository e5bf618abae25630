import { setTimeout as sleep } from 'node:timers/promises'
import { createRandom } from '../../tests/support/seeded-random.ts'
import type { LoadResult } from './closed-loop.ts'
import type { Answer } from './image-caller.ts'

export interface Arrivals {
  /** On average. */
  perSecond: number
  seconds: number
  seed: number
}

/**
 * Callers who come when they come, whether or not those before have their images: a Poisson process, as in the benchmarks of
 * SGLang and vLLM on the same two endpoints. A call is timed from when it was due, so that a caller who is behind hides nothing.
 */
export async function openLoop(call: (dueAt: number) => Promise<Answer>, arrivals: Arrivals): Promise<LoadResult> {
  const began = performance.now()
  const calls: Promise<Answer>[] = []
  for (const afterMs of drawArrivals(arrivals)) {
    const early = began + afterMs - performance.now()
    if (early > 0) await sleep(early)
    calls.push(call(began + afterMs))
  }
  const answers = await Promise.all(calls)
  return { answers, seconds: (performance.now() - began) / 1000 }
}

/** Milliseconds after the beginning, the same ones for everybody who is measured with this seed. */
export function drawArrivals({ perSecond, seconds, seed }: Arrivals): number[] {
  const random = createRandom(seed)
  const arrivals: number[] = []
  for (let at = 0; ;) {
    at += (-Math.log(1 - random.between(0, 1)) / perSecond) * 1000
    if (at >= seconds * 1000) return arrivals
    arrivals.push(at)
  }
}
