import type { QueryClient } from '@tanstack/react-query'
import { askWith, connection } from '../lib/connection.ts'
import { live } from '../lib/live.ts'
import { fetchSession, sessionQuery } from '../lib/session.ts'

/** No answer by then counts as none. */
const ANSWER_WITHIN_MS = 5000

/**
 * Finds out whether the gateway is there, and whether the reader is still signed in, when the live stream breaks off or the
 * browser says that it is offline; begins anew when the gateway is back. Returns what ends that.
 */
export function followConnection(client: QueryClient, page: Pick<Window, 'addEventListener' | 'removeEventListener'>) {
  askWith(async () =>
    client.setQueryData(sessionQuery.queryKey, await fetchSession(AbortSignal.timeout(ANSWER_WITHIN_MS)))
  )
  const stops = [
    live.onDoubt(connection.doubt),
    live.on('hello', connection.found),
    // What had no answer meanwhile is asked for anew by the `hello` of a new stream.
    connection.onReturn(live.reopen)
  ]
  page.addEventListener('offline', connection.doubt)
  return () => {
    page.removeEventListener('offline', connection.doubt)
    for (const stop of stops) stop()
  }
}
