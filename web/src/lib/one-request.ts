import { queryOptions } from '@tanstack/react-query'
import type { RequestDetail, RequestStatus, RequestSummary } from '../../../src/http/dashboard/contract/requests.ts'
import { DASHBOARD, fetchJson } from './fetch-json.ts'

/** Beside the live events, for readers whose connection does not carry them. */
const REFETCH_UNFINISHED_MS = 5000

export const isUnfinished = (status: RequestStatus | undefined): boolean => status === 'queued' || status === 'running'

/** How many of its images it lacks, which is what a retry asks for. */
export const missingOf = ({ n, images }: Pick<RequestSummary, 'n' | 'images'>): number => n - images.length

export const requestDetail = (id: string) =>
  queryOptions({
    queryKey: ['request', id],
    queryFn: ({ signal }) => fetchJson<RequestDetail>(`${DASHBOARD}/requests/${encodeURIComponent(id)}`, { signal }),
    refetchInterval: ({ state }) => (isUnfinished(state.data?.status) ? REFETCH_UNFINISHED_MS : false)
  })

export const jobUrl = (id: string) => `${DASHBOARD}/jobs/${encodeURIComponent(id)}`

export const cancelRequest = (id: string) => fetchJson<unknown>(`${jobUrl(id)}/cancel`, { method: 'POST' })

/** Queues what failed or was canceled again, with what is finished kept. */
export const retryRequest = (id: string) => fetchJson<unknown>(`${jobUrl(id)}/retry`, { method: 'POST' })

/** For those who want to know that a request is about to go. */
export const removalKey = (id: string) => ['delete-request', id]

/** Takes its images along. Throws `ApiError`. */
export const deleteRequest = (id: string) => fetchJson<unknown>(jobUrl(id), { method: 'DELETE' })
