import type { LiveEvent } from './live-progress.ts'
import { hasEnded } from '../requests/request-states.ts'
import type { QueueTotals } from './queue-totals.ts'
import type { RequestNews } from './request-feed.ts'

/** Requests whose latest news wait for a reader; when there are more, fetching all anew is cheaper. */
const MOST_REQUESTS = 500
/** Images whose latest preview waits for a reader; one may hold 256 kB, a third more as text. */
const MOST_PREVIEWS = 32
/** Images whose latest step waits for a reader. */
const MOST_STEPS = 1000

export type WatchedEvent =
  | { type: 'anew' }
  | RequestNews
  | { type: 'queue'; totals: QueueTotals }
  | { type: 'live'; requestId: string; event: LiveEvent }

type LiveNews = Extract<WatchedEvent, { type: 'live' }>

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
  /** Progress and previews are kept apart, so that many small messages never push out a picture. */
  const live = { progress: new Map<string, LiveNews>(), preview: new Map<string, LiveNews>() }
  const most = { progress: MOST_STEPS, preview: MOST_PREVIEWS }

  const startAnew = () => {
    isOpen = true
    isAnew = true
    news.clear()
    live.progress.clear()
    live.preview.clear()
    wake()
  }
  const forgetLive = (requestId: string) => {
    for (const kind of Object.values(live)) {
      for (const [key, { requestId: id }] of kind) if (id === requestId) kind.delete(key)
    }
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
      const kind = live[event.type]
      kind.set(`${event.position} ${requestId}`, { type: 'live', requestId, event })
      if (kind.size > most[event.type]) takeFirst(kind)
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
      return takeFirst(news) ?? takeFirst(live.progress) ?? takeFirst(live.preview)
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
