import { setImmediate } from 'node:timers/promises'
import type { Db } from '../db/database.ts'
import { gramsOf, hasWords } from '../lib/match-words.ts'
import { listAmong, listIndexed, listNotIndexed, type PromptFilter } from './prompt-search-store.ts'
import { type Candidate, newestFirst, type RequestKey } from './request-search-store.ts'

export interface WordSearch extends PromptFilter {
  /** As `searchWords` gives them. */
  words: readonly string[]
  /** Of `created_at`, itself included. */
  from: number
  /** Only those that come after this one. */
  after: RequestKey
  limit: number
}

/** Of more than so many by the index, the usual walk along the list soon meets enough. */
const MOST_BY_INDEX = 10_000
/** Just after an upgrade hardly any is in the index. */
const MOST_NOT_INDEXED = 5000
const SLICE = 250

/**
 * The next `limit` requests with all the words, newest first, fewer only at the end. Undefined when the index is of no use: the
 * words are too short or too common, or too many requests are not in it yet.
 */
export async function searchIndex(db: Db, search: WordSearch): Promise<Candidate[] | undefined> {
  const { words, from, after, limit, ...filter } = search
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
  for (let at = 0; at < due.length && found.length < limit; at += SLICE) {
    await setImmediate()
    const ids = due.slice(at, at + SLICE).map(({ id }) => id)
    const slice = await listAmong(db, ids, filter)
    found.push(...slice.filter(({ prompt = '' }) => hasWords(prompt, words)).sort(newestFirst))
  }
  return found.slice(0, limit)
}
