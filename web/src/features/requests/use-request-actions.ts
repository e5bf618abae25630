import { useMutation, useQueryClient } from '@tanstack/react-query'
import { accountQuery } from '../../lib/account.ts'
import { tellError } from '../../components/ui/toaster.tsx'
import { messageOf } from '../../lib/fetch-json.ts'
import { putIntoLists } from '../../lib/live-cache.ts'
import { cancelRequest, requestDetail, retryRequest } from '../../lib/one-request.ts'
import { changeRequest, type RequestChange } from './api.ts'

/** What may be done with a request; how it is then is shown at once, also without live events. */
export function useRequestActions(id: string) {
  const client = useQueryClient()
  const showAgain = async () => putIntoLists(client, await client.fetchQuery({ ...requestDetail(id), staleTime: 0 }))
  // What is left of a quota is another number now, or was another than was believed.
  const countAgain = () => client.invalidateQueries({ queryKey: accountQuery.queryKey })
  const cancel = useMutation({
    mutationFn: () => cancelRequest(id),
    onSuccess: showAgain,
    onSettled: countAgain,
    onError: (error) => tellError('It was not canceled', messageOf(error))
  })
  const retry = useMutation({
    mutationFn: () => retryRequest(id),
    onSuccess: showAgain,
    onSettled: countAgain,
    onError: (error) => tellError('It was not retried', messageOf(error))
  })
  const change = useMutation({
    mutationFn: (said: RequestChange) => changeRequest(id, said),
    onSuccess: showAgain,
    onError: (error) => tellError('It was not changed', messageOf(error))
  })
  return { cancel, retry, change }
}
