import { queryOptions } from '@tanstack/react-query'
import type { SystemState } from '../../../../../src/http/dashboard/contract/admin.ts'
import { DASHBOARD, fetchJson } from '../../../lib/fetch-json.ts'

const SYSTEM_EVERY_MS = 10_000

export const systemQuery = queryOptions({
  queryKey: ['system'],
  queryFn: ({ signal }) => fetchJson<SystemState>(`${DASHBOARD}/system`, { signal }),
  refetchInterval: SYSTEM_EVERY_MS
})
