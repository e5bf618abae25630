import { useMutation, useQueryClient } from '@tanstack/react-query'
import type { ChangedKey, KeyInfo } from '../../../../src/http/dashboard/contract/keys.ts'
import { DASHBOARD, fetchJson } from '../../lib/fetch-json.ts'
import { keysQuery } from '../../lib/keys.ts'

export function useRevokeKey() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (id: string) => fetchJson<KeyInfo>(`${DASHBOARD}/keys/${id}`, { method: 'DELETE' }),
    onSuccess: () => client.invalidateQueries({ queryKey: keysQuery.queryKey })
  })
}

export function useChangeKey(id: string) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (change: ChangedKey) =>
      fetchJson<KeyInfo>(`${DASHBOARD}/keys/${id}`, { method: 'PATCH', json: change }),
    onSuccess: () => client.invalidateQueries({ queryKey: keysQuery.queryKey })
  })
}
