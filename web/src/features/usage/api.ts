import { keepPreviousData, queryOptions } from '@tanstack/react-query'
import type { KeyInfo } from '../../../../src/http/dashboard/contract/keys.ts'
import type { FilterOptions } from '../../../../src/http/dashboard/contract/requests.ts'
import { DASHBOARD, fetchAnswer, fetchJson } from '../../lib/fetch-json.ts'
import { joinCsv } from './join-csv.ts'
import { type UsageBucket, usageParameters, type UsageQuery } from './usage-query.ts'
import type { UsageRange } from './usage-range.ts'

const USAGE = `${DASHBOARD}/organization/usage`
const REFRESH_EVERY_MS = 60_000

/** All hours or days of a range, with what was asked: what is shown meanwhile may belong to an earlier query. */
export const usageQuery = (query: UsageQuery) =>
  queryOptions({
    queryKey: ['usage', 'images', query],
    queryFn: async ({ signal }) => ({ query, buckets: await fetchBuckets(query, signal) }),
    placeholderData: keepPreviousData,
    refetchInterval: REFRESH_EVERY_MS
  })

async function fetchBuckets(query: UsageQuery, signal: AbortSignal): Promise<UsageBucket[]> {
  const buckets: UsageBucket[] = []
  let page: string | undefined
  do {
    const answer = await fetchJson<{ data: UsageBucket[]; next_page: string | null }>(
      `${USAGE}/images?${usageParameters(query, page)}`,
      { signal }
    )
    buckets.push(...answer.data)
    page = answer.next_page ?? undefined
  } while (page !== undefined)
  return buckets
}

/** The same query as one CSV file; throws `ApiError`. */
export async function fetchCsv(query: UsageQuery): Promise<string> {
  const pages: string[] = []
  let page: string | undefined
  do {
    const answer = await fetchAnswer(`${USAGE}/images?${usageParameters(query, page)}&format=csv`)
    pages.push(await answer.text())
    page = answer.headers.get('x-next-page') ?? undefined
  } while (page !== undefined)
  return joinCsv(pages)
}

/** Who made images for whom; members are told of themselves alone. */
export interface Exchange {
  people: { user_id: string; email: string; given: number; taken: number; own: number }[]
  providers: { provider_id: string; name: string; owner_id: string; for_others: number; for_owner: number }[]
}

export const exchangeQuery = ({ start, end }: UsageRange) =>
  queryOptions({
    queryKey: ['usage', 'exchange', start, end],
    queryFn: ({ signal }) =>
      fetchJson<Exchange>(`${USAGE}/exchange`, {
        query: { start_time: start / 1000, end_time: end / 1000 },
        signal
      }),
    placeholderData: keepPreviousData
  })

export const filterOptions = queryOptions({
  queryKey: ['filters'],
  queryFn: ({ signal }) => fetchJson<FilterOptions>(`${DASHBOARD}/filters`, { signal })
})

/** The reader's own. */
export const keysQuery = queryOptions({
  queryKey: ['keys'],
  queryFn: ({ signal }) => fetchJson<KeyInfo[]>(`${DASHBOARD}/keys`, { signal })
})
