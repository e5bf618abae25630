import { queryOptions } from '@tanstack/react-query'
import type { NetworkState } from '../../../src/http/dashboard/contract/network.ts'
import { DASHBOARD, fetchJson } from './fetch-json.ts'

/** Work flows without an event for everybody; asked only while the page is in view. */
const NETWORK_EVERY_MS = 5000

/** Every machine that the reader may know of. */
export const networkQuery = queryOptions({
  queryKey: ['network'],
  queryFn: ({ signal }) => fetchJson<NetworkState>(`${DASHBOARD}/network`, { signal }),
  // Whoever opens the page anew sees it as it is now.
  refetchOnMount: 'always',
  refetchInterval: NETWORK_EVERY_MS
})
