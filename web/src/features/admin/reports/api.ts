import { queryOptions, useMutation, useQueryClient } from '@tanstack/react-query'
import type { ReportList } from '../../../../../src/http/dashboard/contract/admin.ts'
import { tellError } from '../../../components/ui/toaster.tsx'
import { DASHBOARD, fetchJson, messageOf } from '../../../lib/fetch-json.ts'

export type Reported = ReportList['reported'][number]
export type TakenDown = ReportList['takenDown'][number]

const REPORTS = `${DASHBOARD}/reports`
/** Strangers come at any time. */
const EVERY_MS = 60_000

export const reportsQuery = queryOptions({
  queryKey: ['reports'],
  queryFn: ({ signal }) => fetchJson<ReportList>(REPORTS, { signal }),
  refetchInterval: EVERY_MS
})

/** What an admin does about a request. `reason`: for which it is taken down. */
export type Decision = { what: 'dismiss' | 'lift' } | { what: 'take-down'; reason: string }

/** Puts the list, as it is then, in its place. */
export function useDecide(requestId: string) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: ({ what, ...json }: Decision) =>
      fetchJson<ReportList>(`${REPORTS}/${requestId}/${what}`, {
        method: 'POST',
        ...(what === 'take-down' && { json })
      }),
    onSuccess: (list) => client.setQueryData(reportsQuery.queryKey, list),
    onError: (error) => tellError('Nothing was changed', messageOf(error))
  })
}
