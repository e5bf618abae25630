import { queryOptions, useMutation, useQueryClient } from '@tanstack/react-query'
import type { OfferChange, ProviderDetail, WarmWish } from '../../../../src/http/dashboard/contract/network.ts'
import { DASHBOARD, fetchJson } from '../../lib/fetch-json.ts'
import { networkQuery } from '../../lib/network-query.ts'
import { isOpen } from './warm-words.ts'

const PROVIDER_EVERY_MS = 10_000
/** While its agent is asked for something, or its owner is putting its image server right. */
const SOON_MS = 2000

export const providerQuery = (id: string) =>
  queryOptions({
    queryKey: ['provider', id],
    queryFn: ({ signal }) => fetchJson<ProviderDetail>(`${DASHBOARD}/providers/${id}`, { signal }),
    // Whoever opens the page anew sees it as it is now.
    refetchOnMount: 'always',
    refetchInterval: ({ state: { data } }) => (data && changesSoon(data) ? SOON_MS : PROVIDER_EVERY_MS)
  })

const changesSoon = ({ isOnline, isMine, services }: ProviderDetail): boolean =>
  isOnline &&
  services.some(
    ({ wanted, warms, warning }) =>
      (isMine && warning !== null) || wanted?.some(({ state }) => state === 'asked') || warms?.some(isOpen)
  )

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

export interface OfferedModel extends OfferChange {
  serviceId: string
}

export interface WarmedModel extends WarmWish {
  serviceId: string
}

/** A model that lies on a machine is offered, or no longer; answers how the machine is then. */
export const useOfferModel = (id: string) => useTellService<OfferedModel>(id, 'offers')

/** A model of a machine is to be loaded; answers how the machine is then. */
export const useWarmModel = (id: string) => useTellService<WarmedModel>(id, 'warms')

function useTellService<Word extends { serviceId: string }>(id: string, what: 'offers' | 'warms') {
  const client = useQueryClient()
  return useMutation({
    mutationFn: ({ serviceId, ...json }: Word) =>
      fetchJson<ProviderDetail>(`${DASHBOARD}/providers/${id}/services/${serviceId}/${what}`, { method: 'PUT', json }),
    onSuccess: (detail) => {
      client.setQueryData(providerQuery(id).queryKey, detail)
      return client.invalidateQueries({ queryKey: networkQuery.queryKey })
    }
  })
}

export function useForgetProvider(id: string) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: () => fetchJson<undefined>(`${DASHBOARD}/providers/${id}`, { method: 'DELETE' }),
    onSuccess: () => client.invalidateQueries({ queryKey: networkQuery.queryKey })
  })
}
