import { setImmediate } from 'node:timers/promises'
import type { Db } from '../db/database.ts'
import { gramsOf, hasWords } from '../lib/match-words.ts'
import { listAmong, listIndexed, listNotIndexed, type PromptFilter } from './prompt-search-store.ts'
import { type Candidate, newestFirst, type RequestKey } from './request-search-store.ts'
import { firstCount, nextCount, workOf } from './search-work.ts'

export interface WordSearch extends PromptFilter {
  /** As `searchWords` gives them. */
  words: readonly string[]
  /** Of `created_at`, itself included. */
  from: number
  /** Only those that come after this one. */
  after: RequestKey
  limit: number
  /** What may be looked at, as `workOf` reckons. */
  most: number
}

/** Of more than so many by the index, the usual walk along the list soon meets enough. */
const MOST_BY_INDEX = 10_000
/** Just after an upgrade hardly any is in the index. */
const MOST_NOT_INDEXED = 5000
const SLICE = 250

/**
 * The next `limit` requests with all the words, newest first; fewer at the end, or where `most` was looked at, and then `reached`
 * says up to where. Undefined when the index is of no use: the words are too short or too common, or too many requests are not in
 * it yet.
 */
export async function searchIndex(
  db: Db,
  search: WordSearch
): Promise<{ found: Candidate[]; reached?: RequestKey | undefined } | undefined> {
  const { words, from, after, limit, most, ...filter } = search
  const grams = gramsOf(words)
  if (grams.length === 0) return undefined
  // First those that are not in it, so that what is put there meanwhile is found twice and not missed.
  const others = await listNotIndexed(db, MOST_NOT_INDEXED + 1)
  if (others.length > MOST_NOT_INDEXED) return undefined
  const indexed = await listIndexed(db, { grams, userId: filter.userId, limit: MOST_BY_INDEX + 1 })
  if (indexed.length > MOST_BY_INDEX) return undefined
  const keys = new Map([...others, ...indexed].map((key) => [key.id, key]))
  const due = [...keys.values()]
    .filter((key) => key.created_at >= from && newestFirst(after, key) < 0)
    .sort(newestFirst)
  const found: Candidate[] = []
  let at = 0
  let done = 0
  let count = firstCount(SLICE)
  while (at < due.length && found.length < limit) {
    if (done >= most) return { found, reached: due[at - 1] }
    await setImmediate()
    const ids = due.slice(at, at + count).map(({ id }) => id)
    const slice = await listAmong(db, ids, filter)
    found.push(...slice.filter(({ prompt = '' }) => hasWords(prompt, words)).sort(newestFirst))
    const work = workOf(slice, count)
    at += count
    done += work
    count = nextCount(SLICE, { count, work })
  }
  return { found: found.slice(0, limit) }
}
