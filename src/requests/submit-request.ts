import { randomInt } from 'node:crypto'
import type { Feature, ImageRequest } from '../images/image-request.ts'
import { errors } from '../lib/errors.ts'
import { newId } from '../lib/ids.ts'
import type { Principal } from '../lib/principal.ts'
import type { RequestParts } from './request-parts.ts'
import { TASK_CLASS } from './request-states.ts'
import { insertRequest } from './request-store.ts'
import { countUnfinished, insertTasks, nextOrderKey } from './task-store.ts'

/** Seeds are whole numbers below this: every known engine accepts them. */
const SEEDS = 2 ** 32

export interface Submission {
  principal: Principal
  image: ImageRequest
  /** Nobody waits for the answer on the connection that sent it. */
  isAsync: boolean
  /** The end-user id a caller passed along. */
  endUser?: string
}

/**
 * Makes the durable row of a request and its tasks, and wakes the dispatcher. Returns the request's id.
 * Throws `no_provider` and `queue_full`; nothing is kept then.
 */
export async function submitRequest(parts: RequestParts, submission: Submission): Promise<string> {
  const { database } = parts
  const { principal, image, isAsync } = submission
  const needs = neededFeatures(image)
  await parts.offers.requireOffer({ principal, model: image.model, needs, canWait: isAsync })
  await refuseWhenFull(parts, principal.userId, image.n)

  const id = newId('req')
  const now = database.clock.now()
  const taskClass = isAsync ? TASK_CLASS.async : TASK_CLASS.interactive
  const firstSeed = image.parameters.seed ?? randomInt(SEEDS)
  await database.db.transaction().execute(async (trx) => {
    await insertRequest(trx, {
      id,
      user_id: principal.userId,
      api_key_id: principal.keyId,
      kind: image.kind,
      state: 'queued',
      is_async: isAsync ? 1 : 0,
      model: image.model,
      prompt: image.prompt,
      parameters: JSON.stringify(image.parameters),
      n: image.n,
      end_user: submission.endUser ?? null,
      created_at: now,
      started_at: null,
      finished_at: null,
      warnings: JSON.stringify(image.warnings),
      error_code: null,
      error_message: null
    })
    const orderKey = await nextOrderKey(trx, { userId: principal.userId, model: image.model, taskClass })
    await insertTasks(
      trx,
      Array.from({ length: image.n }, (_, position) => ({
        id: newId('tsk'),
        request_id: id,
        user_id: principal.userId,
        position,
        state: 'queued' as const,
        kind: image.kind,
        model: image.model,
        needs: needs.join(' '),
        seed: (firstSeed + position) % SEEDS,
        class: taskClass,
        order_key: orderKey + position,
        queued_at: now,
        current_attempt_id: null,
        asset_id: null,
        warnings: null,
        error_code: null,
        error_message: null,
        finished_at: null
      }))
    )
  })
  database.bell.ring('tasks')
  return id
}

/** The features a service must declare for this request, in a fixed order: they are compared as text when claiming. */
function neededFeatures(image: ImageRequest): Feature[] {
  switch (image.kind) {
    case 'generation':
      return ['generate']
    case 'edit':
      return ['edit']
    case 'variation':
      return ['variation']
  }
}

async function refuseWhenFull({ database, limits }: RequestParts, userId: string, n: number): Promise<void> {
  const own = await countUnfinished(database.db, { userId, most: limits.queuePerUser + 1 })
  if (own + n > limits.queuePerUser) {
    throw errors.queueFull(
      `You have ${own} images waiting or running, and at most ${limits.queuePerUser} are allowed. Wait for some to finish.`
    )
  }
  const all = await countUnfinished(database.db, { most: limits.queueTotal + 1 })
  if (all + n > limits.queueTotal) throw errors.queueFull('The queue of this server is full. Try again in a while.')
}
