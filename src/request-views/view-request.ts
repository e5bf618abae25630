import type { Db } from '../db/database.ts'
import type { RequestState } from '../db/tables.ts'
import { errors } from '../lib/errors.ts'
import type { Principal } from '../lib/principal.ts'
import type { ImageReport } from '../images/image-report.ts'
import type { ImageParameters } from '../images/image-request.ts'
import { type AttemptView, listAttemptViews } from '../requests/attempt-store.ts'
import { countFitting } from './page-weight-store.ts'
import type { RequestParts } from '../requests/request-parts.ts'
import {
  type AssetRow,
  findRequest,
  listAssets,
  listPageIds,
  listRequestsById,
  type RequestRow
} from '../requests/request-store.ts'
import { listTasks, type TaskRow } from '../requests/task-store.ts'

/** What is recorded about a request, read together. */
export interface RequestView {
  request: RequestRow
  parameters: ImageParameters
  tasks: TaskRow[]
  /** In the order they began. */
  attempts: AttemptView[]
  /** Source images in the caller's order, then the mask. */
  inputs: AssetRow[]
  /** Finished images in the order of their tasks. */
  outputs: AssetRow[]
  /** What image servers said of their images, by the image's id. */
  reports: ReadonlyMap<string, ImageReport>
  /** Those known at submit, then those of the images, each once. */
  warnings: string[]
}

/** Throws `not_found`, also when a `reader` is given who is neither its owner nor an admin. */
export async function viewRequest(
  { database }: Pick<RequestParts, 'database'>,
  id: string,
  reader?: Pick<Principal, 'userId' | 'role'>
): Promise<RequestView> {
  const request = await findRequest(database.db, id)
  const mayRead = !reader || reader.userId === request?.user_id || reader.role === 'admin'
  if (!request || !mayRead) throw errors.notFound(`The request '${id}'`)
  const viewOf = await readViews(database.db, [id])
  return viewOf(request)
}

/** The views of those of these requests that exist, in no order. */
export async function viewRequests(
  { database }: Pick<RequestParts, 'database'>,
  ids: readonly string[]
): Promise<RequestView[]> {
  const rows = await listRequestsById(database.db, ids)
  if (rows.length === 0) return []
  return rows.map(
    await readViews(
      database.db,
      rows.map(({ id }) => id)
    )
  )
}

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
    ...(states && { states }),
    ...(after && { after })
  })
  const ids = found.slice(0, await countFitting(database.db, found.slice(0, limit)))
  if (ids.length === 0) return { views: [], hasMore: false }
  const rows = new Map((await listRequestsById(database.db, ids)).map((row) => [row.id, row]))
  const page = ids.flatMap((id) => rows.get(id) ?? [])
  return { views: page.map(await readViews(database.db, ids)), hasMore: found.length > ids.length }
}

/** Reads what belongs to these requests, with as many queries for two hundred of them as for one. */
async function readViews(db: Db, ids: readonly string[]): Promise<(request: RequestRow) => RequestView> {
  const byRequest = <T extends { request_id: string }>(rows: readonly T[]) => Map.groupBy(rows, (row) => row.request_id)
  const tasksOf = byRequest(await listTasks(db, ...ids))
  const attemptsOf = byRequest(await listAttemptViews(db, ids))
  const assetsOf = byRequest(await listAssets(db, ids))
  return (request) => {
    const tasks = tasksOf.get(request.id) ?? []
    const assets = assetsOf.get(request.id) ?? []
    return {
      request,
      parameters: JSON.parse(request.parameters) as ImageParameters,
      tasks,
      attempts: attemptsOf.get(request.id) ?? [],
      inputs: assets.filter((asset) => asset.kind !== 'output'),
      outputs: assets.filter((asset) => asset.kind === 'output'),
      reports: reportsOf(tasks),
      warnings: warningsOf(request, tasks)
    }
  }
}

const reportsOf = (tasks: readonly TaskRow[]): ReadonlyMap<string, ImageReport> =>
  new Map(
    tasks.flatMap(({ asset_id, report }) =>
      asset_id === null || report === null ? [] : [[asset_id, JSON.parse(report) as ImageReport] as const]
    )
  )

function warningsOf(request: RequestRow, tasks: readonly TaskRow[]): string[] {
  const atSubmit = JSON.parse(request.warnings) as string[]
  const ofImages = tasks.flatMap((task) => (task.warnings === null ? [] : (JSON.parse(task.warnings) as string[])))
  const failures = tasks
    .filter((task) => task.state === 'failed' && request.n > 1)
    .map((task) => `Image ${task.position + 1} of ${request.n} failed: ${task.error_message ?? 'no reason was given'}`)
  return [...new Set([...atSubmit, ...ofImages, ...failures])]
}
