import type { LiveEvent } from './live-progress.ts'
import { hasEnded } from '../requests/request-states.ts'
import type { QueueTotals } from './queue-totals.ts'
import type { RequestNews } from './request-feed.ts'

/** Requests whose latest news wait for a reader; when there are more, fetching all anew is cheaper. */
const MOST_REQUESTS = 500
/** A preview may hold two thirds of a megabyte. */
const MOST_LIVE = 32

export type WatchedEvent =
  | { type: 'anew' }
  | RequestNews
  | { type: 'queue'; totals: QueueTotals }
  | { type: 'live'; requestId: string; event: LiveEvent }

export interface WatchMailbox {
  /** What came before is of no interest any more: the reader has to fetch everything. Nothing is given before the first. */
  startAnew(): void
  putNews(news: RequestNews): void
  putTotals(totals: QueueTotals): void
  putLive(requestId: string, event: LiveEvent): void
  take(): WatchedEvent | undefined
}

/** What a reader has not taken yet, of each request and image the latest only: one who never reads does not fill the memory. */
export function createWatchMailbox(wake: () => void): WatchMailbox {
  let isOpen = false
  let isAnew = false
  let totals: QueueTotals | undefined
  const news = new Map<string, RequestNews>()
  const live = new Map<string, Extract<WatchedEvent, { type: 'live' }>>()

  const startAnew = () => {
    isOpen = true
    isAnew = true
    news.clear()
    live.clear()
    wake()
  }
  const forgetLive = (requestId: string) => {
    for (const [key, { requestId: id }] of live) if (id === requestId) live.delete(key)
  }

  return {
    startAnew,
    putNews: (latest) => {
      if (latest.type === 'removed' || hasEnded(latest.view.request.state)) forgetLive(latest.id)
      news.set(latest.id, latest)
      if (news.size > MOST_REQUESTS) startAnew()
      else wake()
    },
    putTotals: (latest) => {
      totals = latest
      wake()
    },
    putLive: (requestId, event) => {
      live.set(`${event.type} ${event.position} ${requestId}`, { type: 'live', requestId, event })
      if (live.size > MOST_LIVE) takeFirst(live)
      wake()
    },
    take: () => {
      if (!isOpen) return undefined
      if (isAnew) {
        isAnew = false
        return { type: 'anew' }
      }
      if (totals) {
        const latest = totals
        totals = undefined
        return { type: 'queue', totals: latest }
      }
      return takeFirst(news) ?? takeFirst(live)
    }
  }
}

function takeFirst<T>(map: Map<string, T>): T | undefined {
  for (const [key, value] of map) {
    map.delete(key)
    return value
  }
  return undefined
}
