import { queryOptions } from '@tanstack/react-query'
import type {
  FilterOptions,
  RequestDetail,
  RequestStatus,
  Visibility
} from '../../../../src/http/dashboard/contract/requests.ts'
import { DASHBOARD, fetchJson } from '../../lib/fetch-json.ts'

/** Beside the live events, for readers whose connection does not carry them. */
const REFETCH_UNFINISHED_MS = 5000

export const isUnfinished = (status: RequestStatus | undefined): boolean => status === 'queued' || status === 'running'

export const requestDetail = (id: string) =>
  queryOptions({
    queryKey: ['request', id],
    queryFn: ({ signal }) => fetchJson<RequestDetail>(`${DASHBOARD}/requests/${encodeURIComponent(id)}`, { signal }),
    refetchInterval: ({ state }) => (isUnfinished(state.data?.status) ? REFETCH_UNFINISHED_MS : false)
  })

export const filterOptions = queryOptions({
  queryKey: ['filters'],
  queryFn: ({ signal }) => fetchJson<FilterOptions>(`${DASHBOARD}/filters`, { signal })
})

const jobUrl = (id: string) => `${DASHBOARD}/jobs/${encodeURIComponent(id)}`

/** A link that was made to the images of a request, as the API tells it; times are Unix seconds. */
export interface ShareLink {
  id: string
  expires_at: number | null
  page_url: string
  urls: string[]
}

export const shareLinks = (id: string) =>
  queryOptions({
    queryKey: ['shares', id],
    queryFn: ({ signal }) => fetchJson<{ data: ShareLink[] }>(`${jobUrl(id)}/shares`, { signal })
  })
export const createShare = (id: string, expiresIn: number | undefined) =>
  fetchJson<ShareLink>(`${jobUrl(id)}/shares`, { json: expiresIn === undefined ? {} : { expires_in: expiresIn } })
export const revokeShare = (id: string, share: string) =>
  fetchJson<unknown>(`${jobUrl(id)}/shares/${encodeURIComponent(share)}`, { method: 'DELETE' })

export const changeRequest = (id: string, change: { visibility?: Visibility; pinned?: boolean }) =>
  fetchJson<unknown>(jobUrl(id), { method: 'PATCH', json: change })
export const cancelRequest = (id: string) => fetchJson<unknown>(`${jobUrl(id)}/cancel`, { method: 'POST' })
export const retryRequest = (id: string) => fetchJson<unknown>(`${jobUrl(id)}/retry`, { method: 'POST' })
