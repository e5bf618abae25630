import { MutationCache, QueryCache, QueryClient } from '@tanstack/react-query'
import { connection, isAway } from '../lib/connection.ts'
import { ApiError } from '../lib/fetch-json.ts'
import { sessionQuery } from '../lib/session.ts'

/** What an error of any call tells of the gateway and the session. */
function heedError(error: unknown): void {
  if (isAway(error)) connection.doubt()
  // The session has ended elsewhere: asking who is signed in leads to the sign-in page.
  if (error instanceof ApiError && error.code === 'not_signed_in') {
    void queryClient.invalidateQueries({ queryKey: sessionQuery.queryKey })
  }
}

/** What the live events keep fresh needs no polling; what they do not is stale after half a minute. */
export const queryClient: QueryClient = new QueryClient({
  queryCache: new QueryCache({ onError: heedError }),
  mutationCache: new MutationCache({ onError: heedError }),
  defaultOptions: {
    queries: {
      staleTime: 30_000,
      retry: (failures, error) =>
        failures < 2 && error instanceof ApiError && (error.status === 0 || error.status >= 500)
    }
  }
})
