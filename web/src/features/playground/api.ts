import { queryOptions } from '@tanstack/react-query'
import type { RequestDetail } from '../../../../src/http/dashboard/contract/requests.ts'
import { DASHBOARD, fetchJson } from '../../lib/fetch-json.ts'

export const requestQuery = (id: string) =>
  queryOptions({
    queryKey: ['request', id],
    queryFn: ({ signal }) => fetchJson<RequestDetail>(`${DASHBOARD}/requests/${id}`, { signal })
  })

export const cancelRequest = (id: string) => fetchJson<unknown>(`${DASHBOARD}/jobs/${id}/cancel`, { method: 'POST' })

/** Queues what failed or was canceled again, with what is finished kept. */
export const retryRequest = (id: string) => fetchJson<unknown>(`${DASHBOARD}/jobs/${id}/retry`, { method: 'POST' })
