import { queryOptions } from '@tanstack/react-query'
import type { Overview } from '../../../../src/http/dashboard/contract/account.ts'
import { DASHBOARD, fetchJson } from '../../lib/fetch-json.ts'

/** Live events tell of the reader's own requests; what others do, and who is online, is asked for now and then. */
const REFRESH_EVERY_MS = 30_000

export const overviewQuery = queryOptions({
  queryKey: ['overview'],
  queryFn: ({ signal }) => fetchJson<Overview>(`${DASHBOARD}/overview`, { signal }),
  // Whoever opens the page anew sees it as it is now.
  refetchOnMount: 'always',
  refetchInterval: REFRESH_EVERY_MS
})
