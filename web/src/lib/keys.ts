import { queryOptions, useMutation, useQueryClient } from '@tanstack/react-query'
import type { CreatedKey, KeyInfo, NewKey } from '../../../src/http/dashboard/contract/keys.ts'
import { DASHBOARD, fetchJson } from './fetch-json.ts'

export const keysQuery = queryOptions({
  queryKey: ['keys'],
  queryFn: ({ signal }) => fetchJson<KeyInfo[]>(`${DASHBOARD}/keys`, { signal })
})

export function useCreateKey() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (key: NewKey) => fetchJson<CreatedKey>(`${DASHBOARD}/keys`, { json: key }),
    onSuccess: () => client.invalidateQueries({ queryKey: keysQuery.queryKey })
  })
}
