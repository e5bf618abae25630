import { startListening } from '../db/listen.ts'
import { errors } from '../lib/errors.ts'
import type { RequestParts } from '../requests/request-parts.ts'
import { hasEnded } from '../requests/request-states.ts'
import { BEGUN } from '../requests/bell-hints.ts'
import { findOutcome, type Outcome } from './outcome-store.ts'

/** How often those who wait for a request, or watch it, look by themselves, in case a bell was lost. */
export const LOOK_EVERY_MS = 2000

/**
 * Waits until a request has ended, and returns what became of it. One that was queued a moment ago (`isNew`) is looked at when
 * its bell rings, or late, and not at once. `timeout`: it goes on without us; `aborted`: `signal` fired
 * (the caller left, or the server stops). Throws `not_found` when it is deleted.
 */
export async function waitForRequest(
  { database }: Pick<RequestParts, 'database'>,
  wait: { id: string; timeoutMs: number; signal: AbortSignal; isNew?: boolean }
): Promise<Outcome | 'timeout' | 'aborted'> {
  let isLate = false
  const listener = startListening(database.bell, {
    topic: `request:${wait.id}`,
    everyMs: LOOK_EVERY_MS,
    // That an image has begun ends no request.
    isNews: (hint) => hint !== BEGUN,
    signal: wait.signal
  })
  // A signal of its own would go off later, whoever has ended meanwhile.
  const timer = setTimeout(() => {
    isLate = true
    listener.wake()
  }, wait.timeoutMs)
  try {
    if (wait.isNew && listener.takeChange()) await listener.news()
    for (;;) {
      listener.takeChange()
      const outcome = await findOutcome(database.db, wait.id)
      if (!outcome) throw errors.notFound(`The request '${wait.id}'`)
      if (hasEnded(outcome.request.state)) return outcome
      if (wait.signal.aborted) return 'aborted'
      if (isLate) return 'timeout'
      await listener.news()
    }
  } finally {
    clearTimeout(timer)
    listener.close()
  }
}
