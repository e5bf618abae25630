import { useMutation, useQueryClient } from '@tanstack/react-query'
import type { KeyInfo } from '../../../../src/http/dashboard/contract/keys.ts'
import { DASHBOARD, fetchJson } from '../../lib/fetch-json.ts'
import { keysQuery } from '../../lib/keys.ts'

export function useRevokeKey() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (id: string) => fetchJson<KeyInfo>(`${DASHBOARD}/keys/${id}`, { method: 'DELETE' }),
    onSuccess: () => client.invalidateQueries({ queryKey: keysQuery.queryKey })
  })
}
