import { queryOptions } from '@tanstack/react-query'
import type { AccountInfo } from '../../../src/http/dashboard/contract/account.ts'
import { DASHBOARD, fetchJson } from './fetch-json.ts'

export const ACCOUNT = `${DASHBOARD}/account`

/** The reader's own account, with what they may use and what is kept of what they make. */
export const accountQuery = queryOptions({
  queryKey: ['account'],
  queryFn: ({ signal }) => fetchJson<AccountInfo>(ACCOUNT, { signal })
})
