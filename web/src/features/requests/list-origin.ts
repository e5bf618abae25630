import { type QueryClient, useInfiniteQuery, useQueryClient } from '@tanstack/react-query'
import { useNavigate, useRouter, useRouterState } from '@tanstack/react-router'
import { useEffect, useMemo } from 'react'
import type { RequestSummary } from '../../../../src/http/dashboard/contract/requests.ts'
import type { RequestSearch } from '../../lib/request-search.ts'
import { startOfDay } from '../../lib/format.ts'
import { hasStatus, itemsOf, type ListData, requestList } from '../../lib/request-list.ts'
import { useSeesOthers } from '../../lib/session.ts'
import { useNow } from '../../lib/use-now.ts'
import { requestDetail } from '../../lib/one-request.ts'
import { toListQuery } from './request-filters.ts'

declare module '@tanstack/react-router' {
  interface HistoryState {
    /** The list that the reader came to a request from. */
    list?: RequestSearch
  }
}

const NO_SEARCH: RequestSearch = {}

/** The list that the reader came from, and the way back to where they were in it. */
export function useListOrigin() {
  const router = useRouter()
  const navigate = useNavigate()
  const list = useRouterState({ select: ({ location }) => location.state.list })
  const leave = () => {
    // A link is a new page that begins at its top; going back is where the reader was.
    if (list) router.history.back()
    else void navigate({ to: '/requests' })
  }
  return { list, search: list ?? NO_SEARCH, leave }
}

/** The requests before and after one in the list that the reader came from; none when they came from elsewhere. */
export function useNeighbours(id: string): { newer?: RequestSummary | undefined; older?: RequestSummary | undefined } {
  const client = useQueryClient()
  const { list, search } = useListOrigin()
  const seesOthers = useSeesOthers()
  const today = startOfDay(useNow(60_000))
  const query = useMemo(() => toListQuery(search, { today, seesOthers }), [search, today, seesOthers])
  const { data, hasNextPage, isFetching, isError, fetchNextPage } = useInfiniteQuery({
    ...requestList(query),
    enabled: false
  })
  const requests = useMemo(
    () => itemsOf(data).filter((request) => request.id === id || hasStatus(query, request)),
    [data, query, id]
  )
  const index = list ? requests.findIndex((request) => request.id === id) : -1
  const [newer, older] = index === -1 ? [] : [requests[index - 1], requests[index + 1]]
  useEffect(() => {
    if (index !== -1 && !older && hasNextPage && !isFetching && !isError) void fetchNextPage()
  }, [index, older, hasNextPage, isFetching, isError, fetchNextPage])
  useEffect(() => {
    for (const next of [newer, older]) if (next) void client.prefetchQuery(requestDetail(next.id))
  }, [client, newer, older])
  return { newer, older }
}

/** A request as a list shows it, until all of it is here. */
export const findListed = (client: QueryClient, id: string): RequestSummary | undefined =>
  client
    .getQueriesData<ListData>({ queryKey: ['requests'] })
    .flatMap(([, data]) => itemsOf(data))
    .find((request) => request.id === id)
