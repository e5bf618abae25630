import { infiniteQueryOptions, useMutation, useQueryClient } from '@tanstack/react-query'
import type { DeliveryPage } from '../../../../../src/http/dashboard/contract/admin.ts'
import { DASHBOARD, fetchJson } from '../../../lib/fetch-json.ts'

export type Delivery = DeliveryPage['items'][number]

/** What is pending goes on by itself. */
const TOP_EVERY_MS = 10_000
const DELIVERIES = `${DASHBOARD}/webhook-deliveries`

export const deliveriesQuery = infiniteQueryOptions({
  queryKey: ['webhook-deliveries'],
  queryFn: ({ pageParam, signal }) => fetchJson<DeliveryPage>(DELIVERIES, { query: { cursor: pageParam }, signal }),
  initialPageParam: undefined as string | undefined,
  getNextPageParam: (page: DeliveryPage) => page.next ?? undefined,
  // A long list is not fetched whole all the time.
  refetchInterval: ({ state }) => (state.data?.pages.length === 1 ? TOP_EVERY_MS : false)
})

/** Puts the delivery, as it is then, in its place. */
export function useRedeliver() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (id: string) => fetchJson<Delivery>(`${DELIVERIES}/${id}/redeliver`, { method: 'POST' }),
    onSuccess: (delivery) =>
      client.setQueryData(
        deliveriesQuery.queryKey,
        (data) =>
          data && {
            ...data,
            pages: data.pages.map((page) => ({
              ...page,
              items: page.items.map((one) => (one.id === delivery.id ? delivery : one))
            }))
          }
      )
  })
}
