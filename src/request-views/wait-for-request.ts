import { startListening } from '../db/listen.ts'
import type { RequestParts } from '../requests/request-parts.ts'
import { hasEnded } from '../requests/request-states.ts'
import { findRequest } from '../requests/request-store.ts'

/** How often those who wait for a request, or watch it, look by themselves, in case a bell was lost. */
export const LOOK_EVERY_MS = 2000

/**
 * Waits until a request has ended. `timeout`: it goes on without us; `aborted`: `signal` fired (the caller left, or
 * the server stops).
 */
export async function waitForRequest(
  { database }: Pick<RequestParts, 'database'>,
  wait: { id: string; timeoutMs: number; signal: AbortSignal }
): Promise<'ended' | 'timeout' | 'aborted'> {
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
      if (!request || hasEnded(request.state)) return 'ended'
      if (stop.aborted) return wait.signal.aborted ? 'aborted' : 'timeout'
      await listener.news()
    }
  } finally {
    listener.close()
  }
}
