import { queryOptions, useQuery, useSuspenseQuery } from '@tanstack/react-query'
import type { Person, SessionInfo } from '../../../src/http/dashboard/contract/session.ts'
import { adoptCallLimits } from './call-limits.ts'
import { DASHBOARD, fetchJson } from './fetch-json.ts'

/** Who is signed in, as the server has it now. Throws `ApiError`. */
export async function fetchSession(signal: AbortSignal): Promise<SessionInfo> {
  const session = await fetchJson<SessionInfo>(`${DASHBOARD}/session`, { signal })
  adoptCallLimits(session.limits)
  return session
}

export const sessionQuery = queryOptions({
  queryKey: ['session'],
  queryFn: ({ signal }) => fetchSession(signal),
  staleTime: 60_000
})

export const useSession = () => useQuery(sessionQuery)

/** Who is signed in; only within pages that need somebody to be. */
export function usePerson(): Person {
  const { person } = useSuspenseQuery(sessionQuery).data
  if (!person) throw new Error('nobody is signed in')
  return person
}

/** Whether the reader may look at the requests of others, as the server has it; only within pages that need somebody to be. */
export const useSeesOthers = (): boolean => useSuspenseQuery(sessionQuery).data.seesOthers

/** Where members get the program with git; null: nobody has said. */
export const useRepository = (): string | null => useSession().data?.repository ?? null
