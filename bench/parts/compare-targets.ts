import { closedLoop, type LoadResult } from '../load/closed-loop.ts'
import { type Answer, createImageCaller, type ImageCaller } from '../load/image-caller.ts'
import type { ImageCall } from '../load/write-call.ts'
import { failuresOf } from '../load/latencies.ts'
import type { Figures } from '../measurements.ts'
import { watchUsage } from '../process-usage.ts'
import type { Target } from '../targets/target.ts'
import { leastBytesOf, type PictureName, type Upstream } from '../upstream.ts'
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
  const caller = createImageCaller(target, { connections: WARM_UP_CALLERS, leastBytes: leastBytesOf('small') })
  await closedLoop(() => caller.call({}), { callers: WARM_UP_CALLERS, seconds: FIRST_WARM_UP_S })
  await caller.close()
}

interface Turn {
  comparison: Comparison
  target: Target
  run: number
}

async function measureTarget({ upstream, record }: BenchContext, turn: Turn): Promise<void> {
  const { comparison, target } = turn
  const { connections, picture, what } = comparison
  const caller = createImageCaller(target, { connections, leastBytes: leastBytesOf(picture) })
  // One that cannot do this says so, and the others go on.
  const measured = await measureCalls(upstream, { ...turn, caller })
    .catch((error: unknown) => ({ figures: {}, note: error instanceof Error ? error.message : String(error) }))
    .finally(() => caller.close())
  record({ what, target: target.name, ...measured })
}

async function measureCalls(upstream: Upstream, { comparison, target, run, caller }: Turn & { caller: ImageCaller }) {
  const { connections, nextCall } = comparison
  await caller.check(nextCall())
  const callers = Math.min(connections, WARM_UP_CALLERS)
  await closedLoop(() => caller.call(nextCall()), { callers, seconds: WARM_UP_S })
  const usage = await watchUsage([...target.processes, { name: 'upstream', pid: upstream.pid }])
  const result = await comparison.load((dueAt) => caller.call(nextCall(), dueAt), run)
  const { figures: failed, note } = failuresOf(result)
  const figures = { ...comparison.figures(result), ...(await usage.since(result.answers.length)), ...failed }
  return { figures, ...(note !== undefined && { note }) }
}
