import { inBackground } from '../../lib/async.ts'

/**
 * Aborts when `isOver`, asked every `everyMs`, says so: for answers that outlive the moment at which their reader was
 * let in. Asks no more once `left` has aborted.
 */
export function sessionEnd(options: {
  isOver: () => Promise<boolean>
  everyMs: number
  left: AbortSignal
}): AbortSignal {
  const { isOver, everyMs, left } = options
  const over = new AbortController()
  const asking = setInterval(() => inBackground(ask(), () => undefined), everyMs)
  const stop = () => clearInterval(asking)
  const ask = async () => {
    // Who cannot be asked now is asked again: a database that is busy ends nobody's session.
    if (!(await isOver().catch(() => false))) return
    stop()
    over.abort(new Error('the session ended'))
  }
  if (left.aborted) stop()
  else left.addEventListener('abort', stop, { once: true })
  return over.signal
}
