import type { Query, QueryClient } from '@tanstack/react-query'
import type { RequestDetail, RequestPage, RequestSummary } from '../../../src/http/dashboard/contract/requests.ts'
import type { SessionInfo } from '../../../src/http/dashboard/contract/session.ts'
import { ApiError, DASHBOARD, fetchJson } from './fetch-json.ts'
import { live } from './live.ts'
import { itemsOf, lacks, type ListData, listKey, type ListQuery, mayHold, refreshHead } from './request-list.ts'
import { isUnfinished } from './one-request.ts'

/** How often a busy list is fetched anew at most. */
const REFETCH_EVERY_MS = 1000
/** The overview, which only tells how things stand, need not be as fresh. */
const REFETCH_OVERVIEW_EVERY_MS = 2000
/** Unfinished requests below the top of a list that are asked for one by one after a disconnection. */
const MOST_ASKED_FOR = 20

/**
 * Query keys that live events keep fresh: lists of requests are `['requests', query]` (infinite pages, see
 * `request-list.ts`), one request is `['request', id]`, the queue `['queue', …]`, how things stand `['overview']`.
 */
export function keepFresh(client: QueryClient): () => void {
  const refetchQueue = atMostEvery(REFETCH_EVERY_MS, () => void client.invalidateQueries({ queryKey: ['queue'] }))
  const refetchOverview = atMostEvery(
    REFETCH_OVERVIEW_EVERY_MS,
    () => void client.invalidateQueries({ queryKey: ['overview'] })
  )
  const refetchCounts = () => {
    refetchQueue()
    refetchOverview()
  }
  const behind = new Set<ListQuery>()
  const refreshLists = atMostEvery(REFETCH_EVERY_MS, () => {
    for (const query of behind) refreshHead(client, query).catch(ignore)
    behind.clear()
  })
  let hellos = 0
  const stops = [
    live.on('hello', () => {
      hellos += 1
      // The page's own start: the rest was fetched just now, but this may have changed before the stream began.
      const isStart = hellos === 1
      void client.invalidateQueries({
        predicate: ({ queryKey: [name] }) =>
          name !== 'session' &&
          name !== 'requests' &&
          (!isStart || name === 'request' || name === 'queue' || name === 'overview')
      })
      for (const query of listsShown(client)) catchUp(client, query).catch(ignore)
    }),
    live.on('request', (request) => {
      for (const query of listsLacking(client, request)) behind.add(query)
      putIntoLists(client, request)
      if (behind.size > 0) refreshLists()
      const known = client.getQueryData<RequestDetail>(['request', request.id])
      if (known) {
        client.setQueryData(['request', request.id], { ...known, ...request })
        void client.invalidateQueries({ queryKey: ['request', request.id] })
      }
      refetchCounts()
    }),
    live.on('removed', ({ id }) => {
      takeFromLists(client, id)
      void client.invalidateQueries({ queryKey: ['request', id] })
      refetchCounts()
    }),
    live.on('queue', refetchCounts)
  ]
  return () => {
    for (const stop of stops) stop()
  }
}

/** Shows a request as it is now in every list that holds it. */
export const putIntoLists = (client: QueryClient, request: RequestSummary): void =>
  changeLists(client, request.id, [request])

/** A deleted request is in no list any more. */
export const takeFromLists = (client: QueryClient, id: string): void => changeLists(client, id, [])

/** Puts these in the place of a request. Pages that do not hold it stay the same objects. */
function changeLists(client: QueryClient, id: string, instead: readonly RequestSummary[]): void {
  const change = (page: RequestPage) =>
    page.items.some((one) => one.id === id)
      ? { ...page, items: page.items.flatMap((one) => (one.id === id ? instead : [one])) }
      : page
  for (const list of listsOf(client)) {
    const put = () => list.setData({ ...list.state.data, pages: list.state.data.pages.map(change) })
    put()
    // A fetch under way ends with the pages as they were when it began.
    if (list.state.fetchStatus === 'fetching') list.promise?.then(put, ignore)
  }
}

/** The lists on the screen that this request belongs to, as far as they are loaded, and that do not hold it yet. */
function listsLacking(client: QueryClient, request: RequestSummary): ListQuery[] {
  const me = client.getQueryData<SessionInfo>(['session'])?.person?.id
  return listsOf(client)
    .filter((list) => list.getObserversCount() > 0)
    .filter(({ queryKey, state }) => mayHold(queryKey[1], request, me) && lacks(state.data, request))
    .map(({ queryKey }) => queryKey[1])
}

/** What is new on top of a list, and how those below went on that were not done. */
async function catchUp(client: QueryClient, query: ListQuery): Promise<void> {
  const fresh = new Set((await refreshHead(client, query)).map(({ id }) => id))
  const unfinished = itemsOf(client.getQueryData<ListData>(listKey(query)))
    .filter(({ id, status }) => !fresh.has(id) && isUnfinished(status))
    .slice(0, MOST_ASKED_FOR)
  for (const { id } of unfinished) {
    const request = await fetchJson<RequestDetail>(`${DASHBOARD}/requests/${id}`).catch((error: unknown) => {
      if (error instanceof ApiError && error.status === 404) return undefined
      throw error
    })
    if (request) putIntoLists(client, request)
    else takeFromLists(client, id)
  }
}

/** Those on the screen, also one that is just being fetched for the first time. */
const listsShown = (client: QueryClient): ListQuery[] =>
  client
    .getQueryCache()
    .findAll({ queryKey: ['requests'], predicate: (list) => list.getObserversCount() > 0 })
    .map(({ queryKey }) => queryKey[1] as ListQuery)

type ListInCache = Query<ListData, Error, ListData, ReturnType<typeof listKey>> & { state: { data: ListData } }

const listsOf = (client: QueryClient): ListInCache[] =>
  client
    .getQueryCache()
    .findAll({ queryKey: ['requests'] })
    .filter(({ state }) => state.data !== undefined) as unknown as ListInCache[]

const ignore = () => undefined

/** Calls at once, then once more after the pause for all that came meanwhile. */
function atMostEvery(pauseMs: number, work: () => void): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined
  let again = false
  const run = () => {
    again = false
    work()
    timer = setTimeout(() => {
      timer = undefined
      if (again) run()
    }, pauseMs)
  }
  return () => {
    if (timer === undefined) run()
    else again = true
  }
}
