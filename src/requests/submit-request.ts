import { randomInt } from 'node:crypto'
import type { Trx } from '../db/database.ts'
import type { Feature, ImageRequest } from '../images/image-request.ts'
import type { ImageMediaType } from '../images/media-types.ts'
import { errors } from '../lib/errors.ts'
import { newId } from '../lib/ids.ts'
import type { Principal } from '../lib/principal.ts'
import type { RequestParts } from './request-parts.ts'
import { TASK_CLASS } from './request-states.ts'
import { insertAsset, insertRequest } from './request-store.ts'
import { countUnfinished, insertTasks, nextOrderKey } from './task-store.ts'

/** Seeds are whole numbers below this: every known engine accepts them. */
const SEEDS = 2 ** 32

export interface Submission {
  principal: Principal
  image: ImageRequest
  /** Source images and mask, their bytes in the store already; none for a generation. */
  inputs: readonly RequestInput[]
  /** The first image has transparent areas and no mask was sent: it acts as its own. */
  ownMask: boolean
  /** Nobody waits for the answer on the connection that sent it. */
  isAsync: boolean
  /** The end-user id a caller passed along. */
  endUser?: string
}

/** A source image or mask as it is kept with a request. */
export interface RequestInput {
  kind: 'input' | 'mask'
  assetId: string
  storageKey: string
  mediaType: ImageMediaType
  bytes: number
  sha256: string
  /** As a viewer shows it, after EXIF orientation. */
  width: number
  height: number
}

/**
 * Makes the durable row of a request and its tasks, and wakes the dispatcher. Returns the request's id.
 * Throws `no_provider` and `queue_full`; nothing is kept then.
 */
export async function submitRequest(parts: RequestParts, submission: Submission): Promise<string> {
  const { database } = parts
  const { principal, image, isAsync } = submission
  const needs = neededFeatures(submission)
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
    await insertInputs(trx, { inputs: submission.inputs, requestId: id, ownerId: principal.userId, now })
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

/** The features a service must have for this request, in a fixed order: they are compared as text when claiming. */
function neededFeatures({ image, inputs, ownMask }: Submission): Feature[] {
  if (image.kind === 'generation') return ['generate']
  if (image.kind === 'variation') return ['variation']
  const images = inputs.filter((input) => input.kind === 'input').length
  const masked = ownMask || inputs.some((input) => input.kind === 'mask')
  return ['edit', ...(masked ? (['mask'] as const) : []), ...(images > 1 ? (['multi_image'] as const) : [])]
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

async function insertInputs(
  trx: Trx,
  {
    inputs,
    requestId,
    ownerId,
    now
  }: { inputs: readonly RequestInput[]; requestId: string; ownerId: string; now: number }
): Promise<void> {
  for (const [position, input] of inputs.filter(({ kind }) => kind === 'input').entries()) {
    await insertAsset(trx, inputRow(input, { requestId, ownerId, now, position }))
  }
  const mask = inputs.find(({ kind }) => kind === 'mask')
  if (mask) await insertAsset(trx, inputRow(mask, { requestId, ownerId, now, position: 0 }))
}

const inputRow = (
  input: RequestInput,
  row: { requestId: string; ownerId: string; now: number; position: number }
): Parameters<typeof insertAsset>[1] => ({
  id: input.assetId,
  owner_id: row.ownerId,
  request_id: row.requestId,
  kind: input.kind,
  position: row.position,
  storage_key: input.storageKey,
  media_type: input.mediaType,
  bytes: input.bytes,
  sha256: input.sha256,
  width: input.width,
  height: input.height,
  seed: null,
  created_at: row.now
})
