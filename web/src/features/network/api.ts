import { queryOptions, useMutation, useQueryClient } from '@tanstack/react-query'
import type { ProviderDetail } from '../../../../src/http/dashboard/contract/network.ts'
import { DASHBOARD, fetchJson } from '../../lib/fetch-json.ts'
import { networkQuery } from '../../lib/network-query.ts'

const PROVIDER_EVERY_MS = 10_000

export const providerQuery = (id: string) =>
  queryOptions({
    queryKey: ['provider', id],
    queryFn: ({ signal }) => fetchJson<ProviderDetail>(`${DASHBOARD}/providers/${id}`, { signal }),
    refetchInterval: PROVIDER_EVERY_MS
  })

/** Whether it serves others, for admins. */
export type TrustWord = 'approve' | 'shutOut' | 'letBack'

const TRUST_PATHS: Record<TrustWord, string> = { approve: 'approve', shutOut: 'block', letBack: 'unblock' }

/** What its owner and admins do with a provider; each answers how it is then. */
export type ProviderAction =
  | { what: 'drain' | 'resume' }
  | { what: TrustWord }
  | { what: 'block'; userId: string }
  | { what: 'unblock'; userId: string }

export function useChangeProvider(id: string) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (action: ProviderAction) => changeProvider(id, action),
    onSuccess: (detail) => {
      client.setQueryData(providerQuery(id).queryKey, detail)
      return client.invalidateQueries({ queryKey: networkQuery.queryKey })
    }
  })
}

function changeProvider(id: string, action: ProviderAction): Promise<ProviderDetail> {
  const path = `${DASHBOARD}/providers/${id}`
  switch (action.what) {
    case 'drain':
    case 'resume':
      return fetchJson(`${path}/${action.what}`, { method: 'POST' })
    case 'approve':
    case 'shutOut':
    case 'letBack':
      return fetchJson(`${path}/${TRUST_PATHS[action.what]}`, { method: 'POST' })
    case 'block':
      return fetchJson(`${path}/blocks/${action.userId}`, { method: 'PUT' })
    case 'unblock':
      return fetchJson(`${path}/blocks/${action.userId}`, { method: 'DELETE' })
  }
}

export function useForgetProvider(id: string) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: () => fetchJson<undefined>(`${DASHBOARD}/providers/${id}`, { method: 'DELETE' }),
    onSuccess: () => client.invalidateQueries({ queryKey: networkQuery.queryKey })
  })
}
