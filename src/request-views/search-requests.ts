import { setImmediate } from 'node:timers/promises'
import type { Db } from '../db/database.ts'
import { hasWords } from '../lib/match-words.ts'
import type { RequestParts } from '../requests/request-parts.ts'
import { countFitting } from './page-weight-store.ts'
import {
  type Candidate,
  findKey,
  type KeyRange,
  type Lane,
  listCandidates,
  newestFirst,
  type RequestKey,
  type SliceFilter
} from './request-search-store.ts'
import { searchIndex } from './search-index.ts'
import { firstCount, nextCount, workOf } from './search-work.ts'
import { ENDED, isKept, type RequestState, UNFINISHED } from '../requests/request-states.ts'
import { type SummaryView, viewSummaries } from './view-summaries.ts'

/** An absent member is any. */
export interface RequestSearch extends Pick<SliceFilter, 'kind' | 'visibility' | 'providerId'> {
  userId?: string | undefined
  states?: readonly RequestState[] | undefined
  model?: string | undefined
  /** Each is in the prompt; as `searchWords` gives them. */
  words?: readonly string[]
  /** First and last moment of `created_at`, UTC milliseconds. */
  from?: number | undefined
  to?: number | undefined
  /** Only those that come after this one. */
  after?: RequestKey | undefined
  limit: number
}

export interface SearchBounds {
  /** Requests looked at before others get a turn. */
  slice: number
  /** Requests looked at before the index of prompts is asked, if words are searched for. */
  first: number
  /** Requests looked at for one page. */
  most: number
}

/**
 * A slice keeps the process for a few milliseconds, a page with nothing in it for a fraction of a second in all. What was not
 * met by the time that the index is asked is rare enough for it.
 */
const BOUNDS: SearchBounds = { slice: 500, first: 3000, most: 50_000 }

export interface RequestPage {
  views: SummaryView[]
  /** What to go on after; absent at the end. */
  next?: RequestKey
}

/**
 * One page, newest first. Looks at slices of the list and lets others work in between; a page is short, even empty, when
 * it has looked at as many requests as it may.
 */
export async function searchRequests(
  { database }: Pick<RequestParts, 'database'>,
  search: RequestSearch,
  bounds: SearchBounds = BOUNDS
): Promise<RequestPage> {
  const { db } = database
  const found: Candidate[] = []
  let done = 0
  let after = firstKey(search)
  const { words = [], from = 0, limit } = search
  let count = words.length > 0 ? firstCount(bounds.slice) : isSifted(search) ? bounds.slice : limit + 1
  let isIndexAsked = false
  while (found.length <= limit && done < bounds.most) {
    if (done > 0) await setImmediate()
    if (done >= bounds.first && !isIndexAsked) {
      isIndexAsked = true
      const left = { limit: limit + 1 - found.length, most: bounds.most - done }
      const rest = await searchIndex(db, { ...search, words, from, after, ...left })
      if (rest) return pageOf(database, [...found, ...rest.found], limit, rest.reached)
    }
    const slice = await readSlice(db, { ...search, after }, count)
    found.push(...slice.candidates.filter(({ prompt }) => prompt === undefined || hasWords(prompt, words)))
    if (!slice.end) return pageOf(database, found, limit)
    after = slice.end
    const work = workOf(slice.candidates, count)
    done += work
    count = nextCount(bounds.slice, { count, work })
  }
  return pageOf(database, found, limit, after)
}

/** What of the search no index tells. */
const isSifted = ({ kind, visibility, providerId, words = [] }: RequestSearch): boolean =>
  kind !== undefined || visibility !== undefined || providerId !== undefined || words.length > 0

/** What a list begins after: nothing is newer. */
function firstKey({ after, to = Number.MAX_SAFE_INTEGER - 1 }: RequestSearch): RequestKey {
  return after && after.created_at <= to ? after : { created_at: to + 1, id: '' }
}

/**
 * The lists in the indexes that hold what is looked for, between them all of it. Which states there are is always said
 * with a model, because the index has them in that order.
 */
function lanesOf({ userId, states, model }: RequestSearch): Lane[] {
  if (states === undefined && model === undefined) return [{ userId }]
  return (states ?? [...UNFINISHED, ...ENDED]).map((state) => ({ userId, state, model }))
}

/** The next `count` requests of each lane, as far as all of them have been read; `end` is undefined at the end. */
async function readSlice(
  db: Db,
  search: RequestSearch & { after: RequestKey },
  count: number
): Promise<{ candidates: Candidate[]; end: RequestKey | undefined }> {
  const { from = 0, after, kind, visibility, providerId, words = [] } = search
  const all: KeyRange = { before: after, downTo: { created_at: from, id: '' } }
  const lanes = lanesOf(search)
  let end: RequestKey | undefined
  for (const lane of lanes) {
    const reached = await findKey(db, lane, { ...all, count })
    if (reached && (!end || newestFirst(reached, end) < 0)) end = reached
  }
  const range = { before: after, downTo: end ?? all.downTo, count }
  const filter = { kind, visibility, providerId, withPrompt: words.length > 0 }
  const candidates: Candidate[] = []
  for (const lane of lanes) candidates.push(...(await listCandidates(db, lane, { ...range, filter })))
  return { candidates: candidates.sort(newestFirst), end }
}

async function pageOf(
  { db, clock }: RequestParts['database'],
  found: readonly Candidate[],
  limit: number,
  reached?: RequestKey
): Promise<RequestPage> {
  const ids = found.slice(0, limit).map(({ id }) => id)
  const page = found.slice(0, await countFitting(db, ids))
  const views = await viewSummaries(
    db,
    page.map(({ id }) => id)
  )
  const next = found.length > page.length ? page.at(-1) : reached
  const now = clock.now()
  const kept = views.filter(({ request }) => isKept(request, now))
  return { views: kept, ...(next && { next: { created_at: next.created_at, id: next.id } }) }
}
