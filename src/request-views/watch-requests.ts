import { inBackground } from '../lib/async.ts'
import { type SharedSource, shareSource } from '../lib/share-source.ts'
import type { LiveProgress } from './live-progress.ts'
import { type QueueTotals, startQueueTotals } from './queue-totals.ts'
import { type FeedParts, type RequestNews, startRequestFeed } from './request-feed.ts'
import { createWatchMailbox, type WatchedEvent } from './watch-mailbox.ts'

export interface WatchRequestsParts {
  live: LiveProgress
  /** By user id; the empty one is everybody. */
  feeds: SharedSource<RequestNews>
  totals: SharedSource<QueueTotals>
}

/** All who watch the same person share one look at the database, and all who watch anybody one count of the queue. */
export const watchRequestsParts = (parts: FeedParts & { live: LiveProgress }): WatchRequestsParts => ({
  live: parts.live,
  feeds: shareSource((key, tell) => startRequestFeed(parts, { userId: key === '' ? undefined : key, tell })),
  totals: shareSource((_key, tell) => startQueueTotals(parts, tell))
})

/**
 * What becomes of the requests of a person (without `userId`: of everybody) until `signal` aborts. `anew` comes first,
 * and again when too much happened for this reader to be told one by one: what there is has to be fetched then, the
 * events after it are what changes. `quiet` comes when nothing happened for `quietMs`.
 */
export async function* watchRequests(
  { live, feeds, totals }: WatchRequestsParts,
  watch: { userId?: string | undefined; signal: AbortSignal; quietMs: number }
): AsyncGenerator<WatchedEvent | { type: 'quiet' }> {
  const { userId, signal, quietMs } = watch
  let wake: (() => void) | undefined
  const mailbox = createWatchMailbox(() => wake?.())
  const onAbort = () => wake?.()
  signal.addEventListener('abort', onAbort)
  const feed = feeds.join(userId ?? '', mailbox.putNews)
  const counting = totals.join('', mailbox.putTotals)
  let stopLive: (() => void) | undefined
  let hasLeft = false
  const begun = feed.ready.then(() => {
    mailbox.startAnew()
    // Not before: what images were last heard to do belongs to what the reader begins with.
    if (!hasLeft) stopLive = live.subscribeAll(userId, mailbox.putLive)
  })
  let failure: { error: unknown } | undefined
  inBackground(begun, (error) => {
    failure = { error }
    wake?.()
  })
  try {
    while (!signal.aborted) {
      if (failure) throw failure.error
      const event = mailbox.take()
      if (event) {
        yield event
        continue
      }
      const isQuiet = await new Promise<boolean>((resolve) => {
        const timer = setTimeout(() => resolve(true), quietMs)
        wake = () => {
          clearTimeout(timer)
          resolve(false)
        }
      })
      if (isQuiet) yield { type: 'quiet' }
    }
  } finally {
    signal.removeEventListener('abort', onAbort)
    hasLeft = true
    stopLive?.()
    await Promise.all([feed.leave(), counting.leave()])
  }
}
