import { startListening } from '../db/listen.ts'
import { errors } from '../lib/errors.ts'
import type { RequestParts } from '../requests/request-parts.ts'
import { hasEnded } from '../requests/request-states.ts'
import { findRequest } from '../requests/request-store.ts'
import { type RequestView, viewRow } from './view-request.ts'

/** How often those who wait for a request, or watch it, look by themselves, in case a bell was lost. */
export const LOOK_EVERY_MS = 2000

/**
 * Waits until a request has ended, and returns its view then. `timeout`: it goes on without us; `aborted`: `signal` fired
 * (the caller left, or the server stops). Throws `not_found` when it is deleted.
 */
export async function waitForRequest(
  { database }: Pick<RequestParts, 'database'>,
  wait: { id: string; timeoutMs: number; signal: AbortSignal }
): Promise<RequestView | 'timeout' | 'aborted'> {
  const stop = AbortSignal.any([AbortSignal.timeout(wait.timeoutMs), wait.signal])
  const listener = startListening(database.bell, {
    topic: `request:${wait.id}`,
    everyMs: LOOK_EVERY_MS,
    signal: stop
  })
  try {
    for (;;) {
      listener.takeChange()
      const request = await findRequest(database.db, wait.id)
      if (!request) throw errors.notFound(`The request '${wait.id}'`)
      if (hasEnded(request.state)) return await viewRow(database.db, request)
      if (stop.aborted) return wait.signal.aborted ? 'aborted' : 'timeout'
      await listener.news()
    }
  } finally {
    listener.close()
  }
}
