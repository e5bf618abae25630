import { createHash } from 'node:crypto'
import { setImmediate } from 'node:timers/promises'
import { inSlices } from '../lib/async.ts'
import { AppError, errors } from '../lib/errors.ts'
import { newId } from '../lib/ids.ts'
import type { Principal } from '../lib/principal.ts'
import { admitImages } from '../requests/admit-images.ts'
import { CANCELED_AT_ONCE, cancelRequests } from '../requests/cancel-request.ts'
import { insertSubmission } from '../requests/insert-submission.ts'
import type { RequestParts } from '../requests/request-parts.ts'
import { hasEnded, TASK_CLASS } from '../requests/request-states.ts'
import { fingerprintOf, needsOf, type Submission } from '../requests/submission.ts'
import { applyUseLimits } from '../usage/apply-use-limits.ts'
import { requireOffer } from '../requests/submit-request.ts'
import {
  type BatchRequest,
  type BatchRow,
  eraseBatches,
  findBatch,
  insertBatch,
  listBatches,
  listBatchRequests
} from './batch-store.ts'

export const MOST_REQUESTS = 256
const ERASED_AT_A_TIME = 200
const INSERTED_AT_ONCE = 32
/** So many batches, with up to `MOST_REQUESTS` each, are read in a few milliseconds. */
const READ_AT_ONCE = 8

export interface BatchView {
  batch: BatchRow
  requests: BatchRequest[]
}

export interface NewBatch {
  principal: Principal
  label?: string
  submissions: readonly Submission[]
  idempotencyKey?: string
}

export interface Batches {
  /** Accepts all or nothing. Throws what a single request would, naming the one at fault. */
  submit(batch: NewBatch): Promise<{ id: string; repeated: boolean }>
  /** Throws `not_found`, also for somebody else's. */
  view(id: string, userId: string): Promise<BatchView>
  /** The caller's own, newest first; one page and whether there is more. Throws `invalid_request` for an unknown `after`. */
  list(filter: { userId: string; after?: string; limit: number }): Promise<{ views: BatchView[]; hasMore: boolean }>
  /** Cancels what has not ended. */
  cancel(id: string, userId: string): Promise<BatchView>
  /** Removes all of somebody's. Stops early when `signal` aborts; called again, it goes on where it was. */
  erase(filter: { userId: string; signal: AbortSignal }): Promise<void>
}

export function createBatches(parts: RequestParts): Batches {
  const { db } = parts.database
  const viewsOf = async (batches: readonly BatchRow[]): Promise<BatchView[]> => {
    const views: BatchView[] = []
    for (let at = 0; at < batches.length; at += READ_AT_ONCE) {
      if (at > 0) await setImmediate()
      const some = batches.slice(at, at + READ_AT_ONCE)
      const ids = some.map(({ id }) => id)
      const requests = await listBatchRequests(parts.database, ids)
      views.push(...some.map((batch) => ({ batch, requests: requests.get(batch.id) ?? [] })))
    }
    return views
  }
  const view = async (id: string, userId: string) => {
    const batch = await findBatch(db, id)
    if (batch?.user_id !== userId) throw errors.notFound(`The batch '${id}'`)
    const [view = { batch, requests: [] }] = await viewsOf([batch])
    return view
  }
  return {
    submit: (batch) => submitBatch(parts, batch),
    view,
    list: async ({ userId, after: lastId, limit }) => {
      const after = lastId === undefined ? undefined : await findBatch(db, lastId)
      if (lastId !== undefined && after?.user_id !== userId) throw errors.unknownCursor()
      const rows = await listBatches(db, { userId, limit: limit + 1, ...(after && { after }) })
      return { views: await viewsOf(rows.slice(0, limit)), hasMore: rows.length > limit }
    },
    cancel: async (id, userId) => {
      const { requests } = await view(id, userId)
      // From the end: canceled from its beginning, each would free a slot that begins with the next.
      const ids = requests.toReversed().flatMap(({ id, state }) => (hasEnded(state) ? [] : [id]))
      for (let at = 0; at < ids.length; at += CANCELED_AT_ONCE) {
        await cancelRequests(parts, ids.slice(at, at + CANCELED_AT_ONCE))
        // Others get a turn in between.
        await setImmediate()
      }
      return view(id, userId)
    },
    erase: ({ userId, signal }) => inSlices(() => eraseBatches(db, { userId, limit: ERASED_AT_A_TIME }), signal)
  }
}

async function submitBatch(parts: RequestParts, batch: NewBatch): Promise<{ id: string; repeated: boolean }> {
  const { principal, submissions, idempotencyKey: key } = batch
  for (const [index, submission] of submissions.entries()) {
    await naming(index, () => applyUseLimits(principal, submission.image, submission.inputs[0]))
  }
  return admitImages(parts, {
    principal,
    once: key === undefined ? undefined : { endpoint: 'batch', key, fingerprint: meaningOf(submissions) },
    inputs: submissions.flatMap((submission) => submission.inputs),
    models: [...new Set(submissions.map(({ image }) => image.model))],
    check: () => requireOffers(parts, submissions),
    open: async (trx) => ({
      images: submissions.reduce((sum, { image }) => sum + image.n, 0),
      webhooks: submissions.filter(({ webhookUrl }) => webhookUrl !== undefined).length,
      queue: async (place) => {
        const id = newId('bat')
        await insertBatch(trx, { id, user_id: principal.userId, label: batch.label ?? null, created_at: place.now })
        const requestIds: string[] = []
        for (const [position, submission] of submissions.entries()) {
          const inBatch = { ...place, taskClass: TASK_CLASS.batch, batch: { id, position } }
          requestIds.push(await insertSubmission(trx, submission, inBatch))
          // What needs no database gets a turn in between; the rest waits for the transaction.
          if (position % INSERTED_AT_ONCE === INSERTED_AT_ONCE - 1) await setImmediate()
        }
        return { id, requestIds }
      }
    })
  })
}

/** Asks `requireOffer` for each submission, but once for those that want the same. */
async function requireOffers(parts: RequestParts, submissions: readonly Submission[]): Promise<void> {
  const asked = new Set<string>()
  for (const [index, submission] of submissions.entries()) {
    const { image, routing, isAsync } = submission
    const wanted = JSON.stringify([image.model, routing, isAsync, needsOf(submission)])
    if (asked.has(wanted)) continue
    asked.add(wanted)
    await naming(index, () => requireOffer(parts, submission))
    // Others get a turn in between.
    await setImmediate()
  }
}

const meaningOf = (submissions: readonly Submission[]): string =>
  createHash('sha256').update(submissions.map(fingerprintOf).join(' ')).digest('hex')

/** Runs a check of one request of a batch; the error it throws names which request it was. */
async function naming(index: number, check: () => void | Promise<void>): Promise<void> {
  try {
    await check()
  } catch (error) {
    throw error instanceof AppError ? errors.inBatch(index, error) : error
  }
}
