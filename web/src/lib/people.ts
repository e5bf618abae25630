import { queryOptions } from '@tanstack/react-query'
import type { PersonInfo } from '../../../src/http/dashboard/contract/admin.ts'
import { DASHBOARD, fetchJson } from './fetch-json.ts'

/** Everybody, the newest last; for admins. */
export const membersQuery = queryOptions({
  queryKey: ['people', 'members'],
  queryFn: ({ signal }) => fetchJson<PersonInfo[]>(`${DASHBOARD}/people`, { signal })
})
