import { once } from 'node:events'
import { hasEnded } from '../requests/request-states.ts'
import { findRequest } from '../requests/request-store.ts'
import type { RequestParts } from '../requests/request-parts.ts'

/** How often a waiting caller looks by itself, in case a bell was lost. */
const LOOK_EVERY_MS = 2000

/**
 * Waits until a request has ended. `timeout`: it goes on without us; `aborted`: `signal` fired (the caller left, or
 * the server stops).
 */
export async function waitForRequest(
  { database }: Pick<RequestParts, 'database'>,
  wait: { id: string; timeoutMs: number; signal: AbortSignal }
): Promise<'ended' | 'timeout' | 'aborted'> {
  const deadline = AbortSignal.timeout(wait.timeoutMs)
  const stop = AbortSignal.any([deadline, wait.signal])
  for (;;) {
    // Listening begins before looking, so that a change in between is not slept through.
    const change = nextChange(database.bell, wait.id, stop)
    const request = await findRequest(database.db, wait.id)
    if (!request || hasEnded(request.state) || stop.aborted) {
      change.cancel()
      if (!request || hasEnded(request.state)) return 'ended'
      return wait.signal.aborted ? 'aborted' : 'timeout'
    }
    await change.promise
  }
}

function nextChange(bell: RequestParts['database']['bell'], id: string, stop: AbortSignal) {
  const done = new AbortController()
  const forget = bell.on(`request:${id}`, () => done.abort())
  const timer = setTimeout(() => done.abort(), LOOK_EVERY_MS)
  const either = AbortSignal.any([done.signal, stop])
  const promise = (either.aborted ? Promise.resolve() : once(either, 'abort')).then(() => {
    forget()
    clearTimeout(timer)
  })
  return { promise, cancel: () => done.abort() }
}
