import { formatDuration } from '../lib/quantities.ts'
import { TimedOut } from './attempt-failure.ts'

/** The engine's work alone has a time: what is moved from and to the gateway before and after it has none. */
export async function withinTime<T extends object>(
  abort: AbortController,
  timeoutMs: number,
  work: () => Promise<T>
): Promise<T & { generatingMs: number }> {
  const tooLong = () => abort.abort(new TimedOut(`The image took longer than ${formatDuration(timeoutMs)}.`))
  const timer = setTimeout(tooLong, timeoutMs)
  const began = performance.now()
  try {
    const done = await work()
    return { ...done, generatingMs: Math.round(performance.now() - began) }
  } finally {
    clearTimeout(timer)
  }
}
