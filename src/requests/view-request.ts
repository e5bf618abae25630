import { errors } from '../lib/errors.ts'
import type { ImageParameters } from '../images/image-request.ts'
import { type AttemptView, listAttemptViews } from './attempt-store.ts'
import { type QueueOutlook, queueOutlook } from './queue-outlook.ts'
import type { RequestParts } from './request-parts.ts'
import {
  type AssetRow,
  findRequest,
  listInputs,
  listOutputs,
  listRequests,
  type RequestFilter,
  type RequestRow
} from './request-store.ts'
import { listTasks, type TaskRow } from './task-store.ts'

/** Everything there is to tell about a request, read together. */
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
  /** While images wait. */
  queue?: QueueOutlook
  /** Those known at submit, then those of the images, each once. */
  warnings: string[]
}

/** Throws `not_found`, also when `ownerId` is given and it is somebody else's. */
export async function viewRequest(
  parts: Pick<RequestParts, 'database' | 'providers'>,
  id: string,
  ownerId?: string
): Promise<RequestView> {
  const { database } = parts
  const request = await findRequest(database.db, id)
  if (!request || (ownerId !== undefined && request.user_id !== ownerId)) throw errors.notFound(`The request '${id}'`)
  const tasks = await listTasks(database.db, id)
  const parameters = JSON.parse(request.parameters) as ImageParameters
  const queue = await queueOutlook(parts, { tasks, size: parameters.size })
  return {
    request,
    parameters,
    tasks,
    ...(queue && { queue }),
    attempts: await listAttemptViews(database.db, id),
    inputs: await listInputs(database.db, id),
    outputs: await listOutputs(database.db, id),
    warnings: warningsOf(request, tasks)
  }
}

/** The caller's own, newest first; one page and whether there is more. */
export async function listViews(
  parts: Pick<RequestParts, 'database' | 'providers'>,
  filter: RequestFilter
): Promise<{ views: RequestView[]; hasMore: boolean }> {
  const rows = await listRequests(parts.database.db, { ...filter, limit: filter.limit + 1 })
  const views: RequestView[] = []
  for (const { id } of rows.slice(0, filter.limit)) views.push(await viewRequest(parts, id))
  return { views, hasMore: rows.length > filter.limit }
}

/** What was asked for with the request of an attempt. */
export async function parametersOf(
  { database }: Pick<RequestParts, 'database'>,
  attempt: { request_id: string }
): Promise<ImageParameters> {
  const request = await findRequest(database.db, attempt.request_id)
  if (!request) throw new Error(`there is no request ${attempt.request_id}`)
  return JSON.parse(request.parameters) as ImageParameters
}

function warningsOf(request: RequestRow, tasks: readonly TaskRow[]): string[] {
  const atSubmit = JSON.parse(request.warnings) as string[]
  const ofImages = tasks.flatMap((task) => (task.warnings === null ? [] : (JSON.parse(task.warnings) as string[])))
  const failures = tasks
    .filter((task) => task.state === 'failed' && request.n > 1)
    .map((task) => `Image ${task.position + 1} of ${request.n} failed: ${task.error_message ?? 'no reason was given'}`)
  return [...new Set([...atSubmit, ...ofImages, ...failures])]
}
