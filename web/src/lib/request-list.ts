import { infiniteQueryOptions, type InfiniteData, type QueryClient } from '@tanstack/react-query'
import type { RequestPage, RequestQuery, RequestSummary } from '../../../src/http/dashboard/contract/requests.ts'
import { DASHBOARD, fetchJson } from './fetch-json.ts'
import { isUnfinished } from './one-request.ts'

/** What narrows a list; where a page of it begins is not part of it. */
export type ListQuery = Omit<RequestQuery, 'cursor' | 'limit'>

type Cursor = string | undefined
export type ListData = InfiniteData<RequestPage, Cursor>

/** Requests per page. */
const PAGE = 60
/** Pages that may come between the top of a list and what is known of it, before it begins anew. */
const MOST_NEW_PAGES = 5

export const listKey = (query: ListQuery) => ['requests', query] as const

const fetchPage = (query: ListQuery, { cursor, signal }: { cursor?: Cursor; signal?: AbortSignal }) =>
  fetchJson<RequestPage>(`${DASHBOARD}/requests`, {
    query: { ...query, cursor, limit: PAGE },
    ...(signal && { signal })
  })

/** A list of requests, newest first. It is never stale: what changes is told by live events and by `refreshHead`. */
export const requestList = (query: ListQuery) =>
  infiniteQueryOptions({
    queryKey: listKey(query),
    queryFn: ({ pageParam, signal }) => fetchPage(query, { cursor: pageParam, signal }),
    initialPageParam: undefined as Cursor,
    getNextPageParam: (page: RequestPage) => page.next ?? undefined,
    staleTime: Infinity
  })

/**
 * Fetches the top of a list that was fetched before, and as many pages below it as hold nothing known, and puts them
 * into it. To fetch all of its pages anew would be a hundred calls for who has scrolled far. Returns what it fetched.
 */
export async function refreshHead(client: QueryClient, query: ListQuery): Promise<RequestSummary[]> {
  const key = listKey(query)
  await settled(client, query)
  const before = client.getQueryData<ListData>(key)
  if (!before) return []
  const newest = itemsOf(before)[0]
  const fetched: RequestPage[] = []
  do {
    fetched.push(await fetchPage(query, { cursor: fetched.at(-1)?.next ?? undefined }))
  } while (newest && fetched.length < MOST_NEW_PAGES && leavesGap(fetched, newest))
  await settled(client, query)
  client.setQueryData<ListData>(key, (now) => now && mergeHead(now, fetched))
  return fetched.flatMap(({ items }) => items)
}

/** A fetch under way ends with the pages as they were when it began: what is put in meanwhile would be lost. */
const settled = (client: QueryClient, query: ListQuery): Promise<unknown> =>
  client
    .getQueryCache()
    .find({ queryKey: listKey(query) })
    ?.promise?.catch(() => undefined) ?? Promise.resolve()

export const itemsOf = (data: Pick<ListData, 'pages'> | undefined): RequestSummary[] =>
  data?.pages.flatMap(({ items }) => items) ?? []

/** As the server orders them, which compares the bytes of ids. */
export const newestFirst = (a: RequestSummary, b: RequestSummary): number =>
  b.createdAt - a.createdAt || (a.id < b.id ? 1 : a.id > b.id ? -1 : 0)

/** Whether there may be more between these pages and a request that was the newest before. */
function leavesGap(fetched: readonly RequestPage[], newest: RequestSummary): boolean {
  const last = fetched.at(-1)
  const oldest = last?.items.at(-1)
  return typeof last?.next === 'string' && oldest !== undefined && newestFirst(oldest, newest) < 0
}

/** The top of a list, from `head`, above what is known to be older. With a gap between them the rest is dropped. */
export function mergeHead(data: ListData, head: readonly RequestPage[]): ListData {
  const items = head.flatMap((page) => page.items)
  const last = items.at(-1)
  const next = head.at(-1)?.next ?? null
  // The search for the first match goes on below: nothing is known of the top but that it is no longer.
  if (!last && next !== null) return data
  const newest = itemsOf(data)[0]
  const isWhole = next === null || !newest
  if (isWhole || leavesGap(head, newest)) {
    return { pages: [...head], pageParams: [undefined, ...head.slice(0, -1).map((page) => page.next ?? undefined)] }
  }
  return {
    ...data,
    pages: data.pages.map((page, index) => {
      const older = page.items.filter((item) => last && newestFirst(last, item) < 0)
      return { ...page, items: index === 0 ? [...items, ...older] : older }
    })
  }
}

/** False when a request certainly does not belong to a list; `me` is the reader's id. */
export function mayHold(query: ListQuery, request: RequestSummary, me: string | undefined): boolean {
  const { model, kind, from = 0, to = Infinity, owner = me } = query
  return (
    (model === undefined || model === request.model) &&
    (kind === undefined || kind === request.kind) &&
    hasStatus(query, request) &&
    request.createdAt >= from &&
    request.createdAt <= to &&
    (owner === 'all' || owner === request.owner.id)
  )
}

/** Whether a request is missing from the part of a list that has been fetched. */
export function lacks(data: ListData, request: RequestSummary): boolean {
  const last = data.pages.at(-1)
  const oldest = itemsOf(data).at(-1)
  if (typeof last?.next === 'string' && (!oldest || newestFirst(oldest, request) < 0)) return false
  return !data.pages.some(({ items }) => items.some(({ id }) => id === request.id))
}

/** A request that has gone on may no longer have the status that a list is narrowed to. */
export function hasStatus({ status }: ListQuery, request: Pick<RequestSummary, 'status'>): boolean {
  if (status === undefined) return true
  if (status === 'active') return isUnfinished(request.status)
  return status === request.status
}
