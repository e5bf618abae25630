import { randomInt } from 'node:crypto'
import { factColumns } from '../assets/stored-facts.ts'
import type { Trx } from '../db/database.ts'
import { SEEDS } from '../images/fields.ts'
import { newId } from '../lib/ids.ts'
import { DEFAULT_VISIBILITY } from '../lib/visibility.ts'
import { costOf, workOf } from '../providers/image-cost.ts'
import type { Measured } from './admit-images.ts'
import type { TaskClass } from './request-states.ts'
import { insertAssets, insertRequest, type NewAsset } from './request-store.ts'
import type { SharedInputs } from './share-inputs.ts'
import { needsOf, type RequestInput, type Submission } from './submission.ts'
import { insertTasks } from './task-store.ts'

export interface SubmissionPlace {
  taskClass: TaskClass
  batch?: { id: string; position: number }
  shared: Pick<SharedInputs, 'storageKeyOf'>
  measured: Measured
  now: number
}

/**
 * Writes a request with its inputs and its waiting tasks. Returns the request's id. Throws `not_found` when an image that
 * was to be shared has been deleted meanwhile.
 */
export async function insertSubmission(trx: Trx, submission: Submission, place: SubmissionPlace): Promise<string> {
  const { principal, image } = submission
  const id = newId('req')
  await insertRequest(trx, {
    id,
    user_id: principal.userId,
    api_key_id: principal.keyId,
    kind: image.kind,
    state: 'queued',
    is_async: submission.isAsync ? 1 : 0,
    model: image.model,
    prompt: image.prompt,
    parameters: JSON.stringify(image.parameters),
    n: image.n,
    end_user: submission.endUser ?? null,
    batch_id: place.batch?.id ?? null,
    batch_position: place.batch?.position ?? null,
    webhook_url: submission.webhookUrl ?? null,
    visibility: submission.visibility ?? principal.visibilityDefault ?? DEFAULT_VISIBILITY,
    expires_in: submission.expiresIn ?? principal.expiresInDefault ?? null,
    created_at: place.now,
    started_at: null,
    finished_at: null,
    warnings: JSON.stringify(image.warnings),
    error_code: null,
    error_message: null
  })
  const rows: NewAsset[] = []
  for (const kind of ['input', 'mask'] as const) {
    for (const [position, input] of submission.inputs.filter((one) => one.kind === kind).entries()) {
      const storageKey = await place.shared.storageKeyOf(trx, input)
      rows.push(inputRow(input, { ownerId: principal.userId, requestId: id, position, storageKey, now: place.now }))
    }
  }
  if (rows.length > 0) await insertAssets(trx, rows)
  await insertWaitingTasks(trx, submission, { ...place, requestId: id })
  return id
}

async function insertWaitingTasks(
  trx: Trx,
  submission: Submission,
  place: SubmissionPlace & { requestId: string }
): Promise<void> {
  const { principal, image } = submission
  const { userId } = principal
  const { size, steps } = image.parameters
  const work = workOf({ size, source: submission.inputs[0], steps })
  const { model } = image
  const cost = costOf(place.measured.get(model) ?? [], work)
  const { taskClass } = place
  const firstSeed = image.parameters.seed ?? randomInt(SEEDS)
  await insertTasks(
    trx,
    Array.from({ length: image.n }, (_, position) => ({
      id: newId('tsk'),
      request_id: place.requestId,
      user_id: userId,
      api_key_id: principal.keyId,
      position,
      state: 'queued' as const,
      kind: image.kind,
      model,
      needs: needsOf(submission).join(' '),
      routing: submission.routing,
      seed: (firstSeed + position) % SEEDS,
      class: taskClass,
      order_key: { userId, model, taskClass, ahead: position * cost },
      cost,
      pixels: Math.round(work.megapixels * 1e6),
      steps: steps ?? null,
      queued_at: place.now,
      current_attempt_id: null,
      asset_id: null,
      warnings: null,
      error_code: null,
      error_message: null,
      finished_at: null
    }))
  )
}

const inputRow = (
  input: RequestInput,
  row: { ownerId: string; requestId: string; position: number; storageKey: string; now: number }
): NewAsset => ({
  id: input.assetId,
  owner_id: row.ownerId,
  request_id: row.requestId,
  kind: input.kind,
  position: row.position,
  storage_key: row.storageKey,
  ...factColumns(input),
  seed: null,
  created_at: row.now
})
