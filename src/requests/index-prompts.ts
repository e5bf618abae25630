import { sleep } from '../lib/async.ts'
import { countRemoved, indexSome, mergeSome, noteForgotten } from './prompt-index-store.ts'
import type { RequestParts } from './request-parts.ts'

/** Each keeps the process for some milliseconds. */
const PORTION = { prompts: 25, characters: 25_000 }
const PAGES_AT_A_TIME = 32
/** What the others have of the process meanwhile, also when a million old requests are due. */
const PAUSE_MS = 10

/**
 * Puts the prompts of new requests, and after an upgrade of all there are, into the index by which they are found. A search looks
 * at those that are not in it one by one, so that it finds them all the same. Stops early when `signal` aborts.
 */
export async function indexPrompts({ database }: Pick<RequestParts, 'database'>, signal: AbortSignal): Promise<void> {
  while (!signal.aborted && (await indexSome(database.db, PORTION)) > 0) {
    await mergeSome(database.db, { pages: PAGES_AT_A_TIME, whole: false })
    await pause(signal)
  }
}

/**
 * Writes the index anew when prompts were removed from it: until then it still has in its files, though under numbers that mean
 * nothing any more, what they were made of. Stops early when `signal` aborts; called again, it begins anew.
 */
export async function forgetPrompts({ database }: Pick<RequestParts, 'database'>, signal: AbortSignal): Promise<void> {
  const { db } = database
  const removed = await countRemoved(db)
  if (removed === 0) return
  let isMore = await mergeSome(db, { pages: PAGES_AT_A_TIME, whole: true })
  while (isMore && !signal.aborted) {
    await pause(signal)
    isMore = await mergeSome(db, { pages: PAGES_AT_A_TIME, whole: false })
  }
  if (!isMore) await noteForgotten(db, removed)
}

/** An end of the wait by the signal is seen by whoever waited. */
const pause = (signal: AbortSignal): Promise<void> => sleep(PAUSE_MS, signal).catch(() => undefined)
