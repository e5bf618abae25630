import { useQuery } from '@tanstack/react-query'
import type { AttemptInfo, RequestSummary } from '../../../../src/http/dashboard/contract/requests.ts'
import { networkQuery } from '../network-query.ts'
import { usePerson } from '../session.ts'
import { adviceFor, needsProviders } from './error-advice.ts'
import { type NoModelAdvice, noModelAdvice } from './no-model-advice.ts'
import { isMadeForOthers, pendingWith } from './machines-with.ts'
import { offlineAdvice, pausedAdvice, type WaitAdvice, waitAdvice } from './wait-advice.ts'
import { isUnfinished } from '../one-request.ts'

/**
 * What its reader can do about the error that ended a request, or whom to tell of it, by name. Undefined without an error, and
 * as long as it is not known where the request was tried.
 */
export function useErrorAdvice(
  { error, model }: Pick<RequestSummary, 'error' | 'model'>,
  attempts: readonly AttemptInfo[] | undefined
): string | undefined {
  const reader = usePerson()
  const enabled = error !== null && needsProviders(error)
  const { data } = useQuery({ ...networkQuery, refetchInterval: false, enabled })
  if (error === null || attempts === undefined) return undefined
  return adviceFor(error, { reader, model, attempts, providers: data?.providers ?? [] })
}

/** What its reader can do about the wait of a request that has not ended; null where there is nothing to do. */
export function useWaitAdvice(request: Pick<RequestSummary, 'wait' | 'model' | 'status'>): WaitAdvice | null {
  const reader = usePerson()
  const enabled = request.wait !== null && isUnfinished(request.status)
  const { data } = useQuery({ ...networkQuery, enabled })
  return enabled ? waitAdvice(request, { reader, providers: data?.providers ?? [] }) : null
}

/** Where nobody offers a model: what its reader can do about the machine that has it and is paused; null where none is. */
export function usePausedAdvice(model: string): WaitAdvice | null {
  const reader = usePerson()
  const { data } = useQuery(networkQuery)
  return pausedAdvice(model, { reader, providers: data?.providers ?? [] })
}

/** Where nobody offers a model: whom to tell, or what to do about a machine of one's own; null where none is known to have it. */
export function useOfflineAdvice(model: string): WaitAdvice | null {
  const reader = usePerson()
  const { data } = useQuery(networkQuery)
  return offlineAdvice(model, { reader, providers: data?.providers ?? [] })
}

/** Where a model is not offered to its reader: whether others have it made now, so that its owner does not serve them. */
export function useIsNotServed(model: string): boolean {
  const reader = usePerson()
  const { data } = useQuery(networkQuery)
  return isMadeForOthers({ reader, providers: data?.providers ?? [] }, model)
}

/** For an admin, where nobody offers a model: a machine that would when they let it in. */
export function usePendingAdvice(model: string): WaitAdvice | null {
  const enabled = usePerson().role === 'admin'
  const { data } = useQuery({ ...networkQuery, enabled })
  const [first] = enabled ? pendingWith(data?.providers ?? [], model) : []
  if (!first) return null
  return { text: `${first.owner.name}’s ${first.name} waits for your approval.`, machine: first }
}

/** Where no model is offered to the reader: why, and what to do; undefined until that is known. */
export function useNoModelAdvice(): NoModelAdvice | undefined {
  const reader = usePerson()
  const { data } = useQuery(networkQuery)
  return data && noModelAdvice(data.providers, reader)
}
