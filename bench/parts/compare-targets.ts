import { closedLoop, type LoadResult } from '../load/closed-loop.ts'
import { type Answer, createImageCaller, type ImageCall } from '../load/image-caller.ts'
import { mean, median, quantile } from '../load/statistics.ts'
import type { Figures } from '../measurements.ts'
import { watchUsage } from '../process-usage.ts'
import type { Target } from '../targets/target.ts'
import type { PictureName } from '../upstream.ts'
import type { BenchContext } from './part.ts'

/** What is done to each target in the same way. */
export interface Comparison {
  what: string
  picture: PictureName
  /** Of the caller, at most. */
  connections: number
  /** What is asked for; another one each time where uploads are to differ. */
  nextCall: () => ImageCall
  load(call: (dueAt?: number) => Promise<Answer>, run: number): Promise<LoadResult>
  figures(result: LoadResult): Figures
}

/** How long everybody is called before it counts: once for all, and before each measurement. */
const FIRST_WARM_UP_S = 2
const WARM_UP_S = 0.4
const WARM_UP_CALLERS = 16
/** Of the picture that is expected: its pixels alone. */
const LEAST_BYTES: Record<PictureName, number> = { small: 1800, large: 1_499_000 }

/** Does all of it through all targets, one after the other, as often as there are runs; each run begins with another target. */
export async function compareTargets(context: BenchContext, comparisons: readonly Comparison[]): Promise<void> {
  const targets = await context.targets()
  for (let run = 0; run < context.options.runs; run++) {
    for (const comparison of comparisons) {
      await context.upstream.control({ picture: comparison.picture, delayMs: 0 })
      const first = run % targets.length
      for (const target of [...targets.slice(first), ...targets.slice(0, first)]) {
        await measureTarget(context, { comparison, target, run })
      }
    }
  }
}

/** Lets a program that has just begun compile what every call needs. */
export async function warmUp(target: Target): Promise<void> {
  const caller = createImageCaller(target, WARM_UP_CALLERS)
  await closedLoop(() => caller.call({}), { callers: WARM_UP_CALLERS, seconds: FIRST_WARM_UP_S })
  await caller.close()
}

async function measureTarget(
  { upstream, record }: BenchContext,
  { comparison, target, run }: { comparison: Comparison; target: Target; run: number }
): Promise<void> {
  const { what, picture, connections, nextCall } = comparison
  const caller = createImageCaller(target, connections)
  try {
    await caller.check(nextCall(), LEAST_BYTES[picture])
    await closedLoop(() => caller.call(nextCall()), {
      callers: Math.min(connections, WARM_UP_CALLERS),
      seconds: WARM_UP_S
    })
    const usage = await watchUsage([...target.processes, { name: 'upstream', pid: upstream.pid }])
    const result = await comparison.load((dueAt) => caller.call(nextCall(), dueAt), run)
    const figures = { ...comparison.figures(result), ...(await usage.since(result.answers.length)) }
    record({ what, target: target.name, ...judge(result, figures) })
  } catch (error) {
    // One that cannot do this says so, and the others go on.
    record({ what, target: target.name, figures: {}, note: error instanceof Error ? error.message : String(error) })
  } finally {
    await caller.close()
  }
}

function judge({ answers }: LoadResult, figures: Figures): { figures: Figures; note?: string } {
  const failures = answers.flatMap(({ failure }) => failure ?? [])
  if (failures.length === 0) return { figures }
  return { figures: { ...figures, failed: failures.length }, note: `some calls failed: ${failures[0]}` }
}

/** Milliseconds of the calls that were answered with an image. */
export const latenciesOf = ({ answers }: LoadResult): number[] =>
  answers.filter(({ failure }) => failure === undefined).map(({ ms }) => ms)

export function speedOf(result: LoadResult): Figures {
  const latencies = latenciesOf(result)
  return {
    'images/s': latencies.length / result.seconds,
    'median, ms': median(latencies),
    'p99, ms': quantile(latencies, 0.99)
  }
}

export const meanOf = (result: LoadResult): Figures => ({ 'mean, ms': mean(latenciesOf(result)) })
