import { queryOptions, useMutation, useQueryClient } from '@tanstack/react-query'
import type { QueueState } from '../../../../src/http/dashboard/contract/requests.ts'
import { tell, tellError } from '../../components/ui/toaster.tsx'
import { DASHBOARD, fetchJson, messageOf } from '../../lib/fetch-json.ts'
import { cancelRequest } from '../../lib/one-request.ts'

/** Whose queue: the reader's own, or, for who may see it, everybody's. */
export type QueueOwner = 'own' | 'all'

/** Live events say when something has changed; estimates change by themselves as well. */
const REFRESH_EVERY_MS = 10_000
const CANCEL_AT_ONCE = 6

const fetchQueue = (owner: QueueOwner, signal?: AbortSignal) =>
  fetchJson<QueueState>(`${DASHBOARD}/queue`, {
    query: { owner: owner === 'all' ? 'all' : undefined },
    ...(signal && { signal })
  })

export const queueQuery = (owner: QueueOwner) =>
  queryOptions({
    queryKey: ['queue', owner],
    queryFn: ({ signal }) => fetchQueue(owner, signal),
    refetchInterval: REFRESH_EVERY_MS
  })

/** Takes a request out of the list at once; it comes back when the server would not cancel it. */
export function useCancelRequest() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: cancelRequest,
    onMutate: async (id) => {
      await client.cancelQueries({ queryKey: ['queue'] })
      client.setQueriesData<QueueState>(
        { queryKey: ['queue'] },
        (state) => state && { ...state, items: state.items.filter((one) => one.id !== id) }
      )
    },
    onError: (error) => tellError('The request was not canceled', messageOf(error)),
    onSettled: () => client.invalidateQueries({ queryKey: ['queue'] })
  })
}

export function useCancelAllMine() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: cancelAllMine,
    onSuccess: (count) => tell(count === 1 ? 'Canceled one request' : `Canceled ${count} requests`),
    onError: (error) => tellError('Not all of your requests were canceled', messageOf(error)),
    onSettled: () => client.invalidateQueries({ queryKey: ['queue'] })
  })
}

/** The list shows a part of a long queue: it is asked for until nothing new is in it. Returns how many were canceled. */
async function cancelAllMine(): Promise<number> {
  const done = new Set<string>()
  for (;;) {
    const ids = (await fetchQueue('own')).items.map(({ id }) => id).filter((id) => !done.has(id))
    if (ids.length === 0) return done.size
    for (let at = 0; at < ids.length; at += CANCEL_AT_ONCE) {
      const some = ids.slice(at, at + CANCEL_AT_ONCE)
      await Promise.all(some.map(cancelRequest))
      for (const id of some) done.add(id)
    }
  }
}
