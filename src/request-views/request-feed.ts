import { startLoop } from '../lib/async.ts'
import type { Source } from '../lib/share-source.ts'
import { type QueueOutlook, queueOutlooks } from './queue-outlook.ts'
import { listUnfinishedIds } from '../requests/queue-store.ts'
import type { RequestParts } from '../requests/request-parts.ts'
import { listNames } from './request-search-store.ts'
import { hasEnded } from '../requests/request-states.ts'
import { type RequestView, viewRequests } from './view-request.ts'

/** How often it looks at everything by itself, in case a bell was lost, and for what no bell tells: places, progress. */
const LOOK_EVERY_MS = 5000
const PAUSE_MS = 200
/** Requests read at once; and images, running or waiting, that are looked at without a hint of the bell. */
const AT_A_TIME = 200

export type RequestNews =
  | { type: 'changed'; id: string; view: RequestView; queue: QueueOutlook | undefined; ownerName: string }
  | { type: 'removed'; id: string }

export type FeedParts = Pick<RequestParts, 'database' | 'providers' | 'limits' | 'logger'>

/**
 * Tells of each request of a person, or of everybody, that is new, changed or gone since it began. Reads what the bell
 * hints at, so that its work depends on what changes and not on how much waits; nothing is told before it is durable.
 */
export function startRequestFeed(
  parts: FeedParts,
  { userId, tell }: { userId: string | undefined; tell: (news: RequestNews) => void }
): Source<RequestNews> {
  const { database, logger } = parts
  /** What was last told of those that have not ended, by id. */
  const followed = new Map<string, Told>()
  const heard = new Set<string>()
  let lookedAt = -Infinity
  const begun = Promise.withResolvers<void>()
  let isSilent = true

  const look = async () => {
    const isWhole = performance.now() - lookedAt >= LOOK_EVERY_MS
    if (isWhole) lookedAt = performance.now()
    const hinted = [...heard].slice(0, AT_A_TIME)
    for (const id of hinted) heard.delete(id)
    if (heard.size > 0) loop.wake()
    try {
      const open = isWhole ? await listUnfinishedIds(database.db, { userId, images: AT_A_TIME }) : []
      await compare([...new Set([...hinted, ...(isWhole ? followed.keys() : []), ...open])])
      if (isWhole) keepOnly(followed, open)
    } catch (error) {
      lookedAt = -Infinity
      for (const id of hinted) heard.add(id)
      throw error
    }
    isSilent = false
    begun.resolve()
  }

  const compare = async (ids: readonly string[]) => {
    if (ids.length === 0) return
    const views = new Map((await viewRequests(parts, ids)).map((view) => [view.request.id, view]))
    const outlooks = await queueOutlooks(parts, [...views.values()])
    const names = await listNames(database.db, [...new Set([...views.values()].map(({ request }) => request.user_id))])
    await database.durable()
    for (const id of ids) {
      const view = views.get(id)
      if (!view) {
        followed.delete(id)
        report({ type: 'removed', id })
      } else if (userId === undefined || view.request.user_id === userId) {
        const queue = outlooks.get(id)
        const state = stateOf(view, queue)
        const told = followed.get(id)
        // An estimate whose time has passed is made anew.
        if (told?.state === state && !(told.doneAt <= database.clock.now())) continue
        if (hasEnded(view.request.state)) followed.delete(id)
        else followed.set(id, { state, doneAt: doneAtOf(queue) })
        report({ type: 'changed', id, view, queue, ownerName: names.get(view.request.user_id) ?? '' })
      }
    }
  }
  // Whoever listens fetches what there is when it has begun.
  const report = (news: RequestNews) => {
    if (!isSilent) tell(news)
  }

  const loop = startLoop({
    everyMs: LOOK_EVERY_MS,
    pauseMs: PAUSE_MS,
    work: look,
    onError: (error) => logger.warn({ err: error }, 'watching requests failed; it is tried again')
  })
  const forget = database.bell.on(userId === undefined ? 'requests' : `requests:${userId}`, (id) => {
    if (id === undefined) lookedAt = -Infinity
    else heard.add(id)
    loop.wake()
  })
  return {
    ready: begun.promise,
    close: () => {
      forget()
      return loop.close()
    }
  }
}

interface Told {
  state: string
  /** When it was said to be done, UTC milliseconds. */
  doneAt: number
}

const doneAtOf = (queue: QueueOutlook | undefined): number =>
  queue?.etaSeconds === undefined || queue.toldAt === undefined ? Infinity : queue.toldAt + queue.etaSeconds * 1000

function keepOnly(followed: Map<string, Told>, ids: readonly string[]): void {
  const kept = new Set(ids)
  for (const id of followed.keys()) if (!kept.has(id)) followed.delete(id)
}

/** What makes one state of a request differ from another for somebody who watches many. */
const stateOf = ({ request, tasks, attempts }: RequestView, queue: QueueOutlook | undefined): string =>
  [
    request.state,
    queue?.position,
    queue?.isOverdue,
    JSON.stringify(queue?.wait),
    ...tasks.map((task) => `${task.state}:${task.node_faults}:${task.losses}`),
    ...attempts.map((attempt) => attempt.progress)
  ].join(' ')
