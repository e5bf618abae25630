import { setImmediate } from 'node:timers/promises'
import { listModelsWanted, listNextIds, listRunningIds } from './queue-list-store.ts'
import { type QueueOutlook, queueOutlooks, shownState } from './queue-outlook.ts'
import { countFitting } from './page-weight-store.ts'
import type { QueueTotals } from './queue-totals.ts'
import type { RequestParts } from '../requests/request-parts.ts'
import { hasEnded } from '../requests/request-states.ts'
import { countUnfinished } from '../usage/unfinished-store.ts'
import { type RequestView, viewRequests } from './view-request.ts'

export interface Queue extends QueueTotals {
  /** Running ones, then the others in the order of their turn. */
  views: RequestView[]
  /** By request id. */
  outlooks: Map<string, QueueOutlook>
  /** There are more than these. */
  more: boolean
}

/**
 * What has not ended of one person, or without `userId` of everybody, and how many images of everybody wait and run.
 * Each model has a queue of its own; of more requests than `limit`, the first of each are given. Others get a turn
 * between the steps, each of which takes a few milliseconds when a hundred thousand wait.
 */
export async function listQueue(
  parts: Pick<RequestParts, 'database' | 'providers' | 'limits'>,
  { userId, limit }: { userId?: string | undefined; limit: number }
): Promise<Queue> {
  const { db } = parts.database
  const queues: string[][] = []
  for (const model of await listModelsWanted(db, { userId })) {
    queues.push(await listNextIds(db, { userId, model, limit: limit + 1 }))
    await setImmediate()
  }
  // Read last, so that what is begun meanwhile is among these, or in both.
  const running = await listRunningIds(db, { userId, limit: limit + 1 })
  const ids = [...new Set([...running, ...inTurns(queues)])]
  const shown = ids.slice(0, await countFitting(db, ids.slice(0, limit)))
  const views = (await viewRequests(parts, shown)).filter(({ request }) => !hasEnded(request.state))
  await setImmediate()
  const outlooks = await queueOutlooks(parts, views)
  const totals = await countUnfinished(db)
  return {
    views: sortQueue(views, { ids, outlooks }),
    outlooks,
    more: ids.length > shown.length,
    waiting: totals.queued,
    running: totals.running
  }
}

/** The first of each list, then the second of each, and so on. */
function inTurns<T>(lists: readonly (readonly T[])[]): T[] {
  const longest = Math.max(0, ...lists.map((list) => list.length))
  return Array.from({ length: longest }, (_, place) => lists.flatMap((list) => list.slice(place, place + 1))).flat()
}

/** By place in the queue of their model; those of the same place, and all that run, as their ids are. */
function sortQueue(
  views: readonly RequestView[],
  { ids, outlooks }: { ids: readonly string[]; outlooks: ReadonlyMap<string, QueueOutlook> }
): RequestView[] {
  const rank = new Map(ids.map((id, index) => [id, index]))
  const placeOf = (view: RequestView) => {
    const outlook = outlooks.get(view.request.id)
    return shownState(view, outlook) === 'running' ? 0 : (outlook?.position ?? Infinity)
  }
  const rankOf = ({ request }: RequestView) => rank.get(request.id) ?? 0
  return views.toSorted((a, b) => placeOf(a) - placeOf(b) || rankOf(a) - rankOf(b))
}
