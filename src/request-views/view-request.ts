import type { Database, Db } from '../db/database.ts'
import type { RequestState } from '../db/tables.ts'
import { errors } from '../lib/errors.ts'
import type { ImageReport } from '../images/image-report.ts'
import { type AttemptView, listAttemptViews } from '../requests/attempt-store.ts'
import type { RequestParts } from '../requests/request-parts.ts'
import {
  type AssetRow,
  findRequest,
  listAssets,
  listPageIds,
  listRequestsById,
  type RequestRow
} from '../requests/request-store.ts'
import { isKept } from '../requests/request-states.ts'
import { listTasks, type TaskRow } from '../requests/task-store.ts'
import { countFitting } from './page-weight-store.ts'
import { listInOrder, readViews, type View } from './read-views.ts'

/** What is recorded about a request, read together. */
export interface RequestView extends View<TaskRow, AttemptView, AssetRow> {
  /** What image servers said of their images, by the image's id. */
  reports: ReadonlyMap<string, ImageReport>
  /** Those known at submit, then those of the images, each once. */
  warnings: string[]
}

/** Throws `not_found`, also when a `reader` is given who is not its owner, nor sees those of others. */
export async function viewRequest(
  { database }: Pick<RequestParts, 'database'>,
  id: string,
  reader?: { userId: string; seesOthers: boolean }
): Promise<RequestView> {
  const request = await findRequest(database.db, id)
  const mayRead = !reader || reader.userId === request?.user_id || reader.seesOthers
  if (!request || !mayRead || !isKept(request, database.clock.now())) throw errors.notFound(`The request '${id}'`)
  const [view] = await readWhole(database.db, [request])
  if (!view) throw new Error(`there is no view of request ${id}`)
  return view
}

/** The views of those of these requests that exist, in no order. */
export const viewRequests = async (
  { database }: { database: Pick<Database, 'db'> },
  ids: readonly string[]
): Promise<RequestView[]> => readWhole(database.db, ids.length === 0 ? [] : await listRequestsById(database.db, ids))

/**
 * One page of the caller's own requests, newest first (shorter when its texts are long), and whether there is more.
 * Throws `invalid_request` for an unknown `after`.
 */
export async function listViews(
  { database }: Pick<RequestParts, 'database'>,
  filter: { userId: string; states?: readonly RequestState[]; after?: string; limit: number }
): Promise<{ views: RequestView[]; hasMore: boolean }> {
  const { userId, states, after: lastId, limit } = filter
  const after = lastId === undefined ? undefined : await findRequest(database.db, lastId)
  // Beginning anew instead would lead whoever pages around in a circle.
  if (lastId !== undefined && after?.user_id !== userId) throw errors.unknownCursor()
  const found = await listPageIds(database.db, {
    userId,
    limit: limit + 1,
    now: database.clock.now(),
    ...(states && { states }),
    ...(after && { after })
  })
  const ids = found.slice(0, await countFitting(database.db, found.slice(0, limit)))
  const views = await readWhole(database.db, await listInOrder(database.db, ids))
  return { views, hasMore: found.length > ids.length }
}

async function readWhole(db: Db, requests: readonly RequestRow[]): Promise<RequestView[]> {
  const views = await readViews(db, requests, {
    tasks: (rows) => listTasks(db, ...rows.map(({ id }) => id)),
    attempts: listAttemptViews,
    images: listAssets
  })
  return views.map((view) => ({
    ...view,
    reports: reportsOf(view.tasks),
    warnings: warningsOf(view.request, view.tasks)
  }))
}

export const reportsOf = (tasks: readonly Pick<TaskRow, 'asset_id' | 'report'>[]): ReadonlyMap<string, ImageReport> =>
  new Map(
    tasks.flatMap(({ asset_id, report }) =>
      asset_id === null || report === null ? [] : [[asset_id, JSON.parse(report) as ImageReport] as const]
    )
  )

export function warningsOf(
  request: RequestRow,
  tasks: readonly Pick<TaskRow, 'state' | 'position' | 'warnings' | 'error_message'>[]
): string[] {
  const atSubmit = JSON.parse(request.warnings) as string[]
  const ofImages = tasks.flatMap((task) => (task.warnings === null ? [] : (JSON.parse(task.warnings) as string[])))
  const failures = tasks
    .filter((task) => task.state === 'failed' && request.n > 1)
    .map((task) => `Image ${task.position + 1} of ${request.n} failed: ${task.error_message ?? 'no reason was given'}`)
  return [...new Set([...atSubmit, ...ofImages, ...failures])]
}
