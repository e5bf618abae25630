import { queryOptions } from '@tanstack/react-query'
import type { FilterOptions, RequestDetail } from '../../../../src/http/dashboard/contract/requests.ts'
import { DASHBOARD, fetchJson } from '../../lib/fetch-json.ts'
import { jobUrl } from '../../lib/one-request.ts'

export const filterOptions = queryOptions({
  queryKey: ['filters'],
  queryFn: ({ signal }) => fetchJson<FilterOptions>(`${DASHBOARD}/filters`, { signal })
})

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

export type RequestChange = Partial<Pick<RequestDetail, 'visibility' | 'pinned'>>
export const changeRequest = (id: string, change: RequestChange) =>
  fetchJson<unknown>(jobUrl(id), { method: 'PATCH', json: change })
