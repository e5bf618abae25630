import { createImageCaller } from '../load/image-caller.ts'
import { failuresOf, speedOf } from '../load/latencies.ts'
import type { ImageCall } from '../load/write-call.ts'
import { residentMemory } from '../../tests/support/measure-memory.ts'
import { MIB, settle, TELLS_USAGE, watchUsage } from '../process-usage.ts'
import { openClub } from '../targets/open-club.ts'
import type { Target } from '../targets/target.ts'
import { leastBytesOf } from '../upstream.ts'
import type { BenchContext } from './part.ts'

export interface Crowd {
  what: string
  callers: number
  nextCall: () => ImageCall
  /** Added to the gateway's environment. */
  env?: Record<string, string>
}

/** So many callers at the same moment, at a gateway that has just begun: how long, and how much memory above idle. */
export async function callAtOnce(
  { upstream, record }: BenchContext,
  { what, callers, nextCall, env = {} }: Crowd
): Promise<void> {
  await using stack = new AsyncDisposableStack()
  await upstream.control({ picture: 'small', delayMs: 0 })
  const club = await openClub(upstream, { env })
  stack.defer(() => club.remove())
  const target: Target = { ...club.target('b64_json'), name: 'inference.club' }
  const caller = createImageCaller(target, { connections: callers, leastBytes: leastBytesOf('small') })
  stack.defer(() => caller.close())
  for (const one of club.processes) await settle(one)
  const idle = TELLS_USAGE ? await Promise.all(club.processes.map(({ pid }) => residentMemory(pid))) : []
  const usage = await watchUsage(club.processes)
  const began = performance.now()
  const answers = await Promise.all(Array.from({ length: callers }, () => caller.call(nextCall())))
  const result = { answers, seconds: (performance.now() - began) / 1000 }
  const used = await usage.since(callers)
  const above = club.processes.flatMap(({ name }, index) => {
    const peak = used[`${name} peak, MiB`]
    return peak === undefined ? [] : [[`${name} above idle, MiB`, peak - (idle[index] ?? 0) / MIB] as const]
  })
  const { figures: failed, note } = failuresOf(result)
  const figures = { 'all, s': result.seconds, ...speedOf(result), ...Object.fromEntries(above), ...used, ...failed }
  record({ what, target: target.name, figures, ...(note !== undefined && { note }) })
}
