import { inBackground } from '../lib/async.ts'

/**
 * Aborts when `isOver`, asked every `everyMs` and whenever `onHint` calls, says so: for answers that outlive the moment at
 * which their reader was let in. Asks no more once `left` has aborted.
 */
export function sessionEnd(options: {
  isOver: () => Promise<boolean>
  everyMs: number
  left: AbortSignal
  /** Calls its listener when somebody's rights may have changed; returns what ends that. */
  onHint?: (listener: () => void) => () => void
}): AbortSignal {
  const { isOver, everyMs, left, onHint } = options
  const over = new AbortController()
  const askAside = () => inBackground(ask(), () => undefined)
  const asking = setInterval(askAside, everyMs)
  const forget = onHint?.(askAside)
  const stop = () => {
    clearInterval(asking)
    forget?.()
  }
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
