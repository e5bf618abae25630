import { errors } from '../lib/errors.ts'
import type { ImageParameters } from '../images/image-request.ts'
import { type AttemptView, listAttemptViews } from './attempt-store.ts'
import type { RequestParts } from './request-parts.ts'
import { type AssetRow, findRequest, listInputs, listOutputs, type RequestRow } from './request-store.ts'
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
  /** Those known at submit, then those of the images, each once. */
  warnings: string[]
}

/** Throws `not_found`, also when `ownerId` is given and it is somebody else's. */
export async function viewRequest(
  { database }: Pick<RequestParts, 'database'>,
  id: string,
  ownerId?: string
): Promise<RequestView> {
  const request = await findRequest(database.db, id)
  if (!request || (ownerId !== undefined && request.user_id !== ownerId)) throw errors.notFound(`The request '${id}'`)
  const tasks = await listTasks(database.db, id)
  return {
    request,
    parameters: JSON.parse(request.parameters) as ImageParameters,
    tasks,
    attempts: await listAttemptViews(database.db, id),
    inputs: await listInputs(database.db, id),
    outputs: await listOutputs(database.db, id),
    warnings: warningsOf(request, tasks)
  }
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
