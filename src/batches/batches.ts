import { createHash } from 'node:crypto'
import type { RequestState } from '../db/tables.ts'
import { AppError, errors } from '../lib/errors.ts'
import { newId } from '../lib/ids.ts'
import { cancelRequest } from '../requests/cancel-request.ts'
import { createOnce } from '../requests/create-once.ts'
import { insertSubmission } from '../requests/insert-submission.ts'
import type { RequestParts } from '../requests/request-parts.ts'
import { hasEnded, TASK_CLASS } from '../requests/request-states.ts'
import { fingerprintOf, type Submission } from '../requests/submission.ts'
import { refuseWhenFull, requireOffer } from '../requests/submit-request.ts'
import { type BatchRow, findBatch, insertBatch, listBatches, listBatchRequests } from './batch-store.ts'

export const MOST_REQUESTS = 256

export interface BatchView {
  batch: BatchRow
  requests: { id: string; state: RequestState }[]
}

export interface NewBatch {
  userId: string
  label?: string
  submissions: readonly Submission[]
  idempotencyKey?: string
}

export interface Batches {
  /** Accepts all or nothing. Throws what a single request would, naming the one at fault. */
  submit(batch: NewBatch): Promise<{ view: BatchView; repeated: boolean }>
  /** Throws `not_found`, also for somebody else's. */
  view(id: string, userId: string): Promise<BatchView>
  list(filter: { userId: string; after?: string; limit: number }): Promise<{ views: BatchView[]; hasMore: boolean }>
  /** Cancels what has not ended. */
  cancel(id: string, userId: string): Promise<BatchView>
}

export function createBatches(parts: RequestParts): Batches {
  const { db } = parts.database
  const viewOf = async (batch: BatchRow) => ({ batch, requests: await listBatchRequests(db, batch.id) })
  const view = async (id: string, userId: string) => {
    const batch = await findBatch(db, id)
    if (batch?.user_id !== userId) throw errors.notFound(`The batch '${id}'`)
    return viewOf(batch)
  }
  return {
    submit: async (batch) => {
      const { id, repeated } = await submitBatch(parts, batch)
      return { view: await view(id, batch.userId), repeated }
    },
    view,
    list: async (filter) => {
      const rows = await listBatches(db, { ...filter, limit: filter.limit + 1 })
      const views: BatchView[] = []
      for (const row of rows.slice(0, filter.limit)) views.push(await viewOf(row))
      return { views, hasMore: rows.length > filter.limit }
    },
    cancel: async (id, userId) => {
      const { requests } = await view(id, userId)
      for (const request of requests) if (!hasEnded(request.state)) await cancelRequest(parts, request.id)
      return view(id, userId)
    }
  }
}

async function submitBatch(parts: RequestParts, batch: NewBatch): Promise<{ id: string; repeated: boolean }> {
  const { database } = parts
  const { userId, submissions, idempotencyKey: key } = batch
  const once = key === undefined ? undefined : { userId, endpoint: 'batch', key, fingerprint: meaningOf(submissions) }
  const submitted = await createOnce(parts, once, async (bind) => {
    for (const [index, submission] of submissions.entries()) {
      await requireOffer(parts, submission).catch((error: unknown) => {
        throw error instanceof AppError ? errors.inBatch(index, error) : error
      })
    }
    await refuseWhenFull(parts, { userId, images: submissions.reduce((sum, one) => sum + one.image.n, 0) })
    return database.db.transaction().execute(async (trx) => {
      const id = newId('bat')
      const now = database.clock.now()
      await insertBatch(trx, { id, user_id: userId, label: batch.label ?? null, created_at: now })
      for (const [position, submission] of submissions.entries()) {
        await insertSubmission(trx, submission, { taskClass: TASK_CLASS.batch, batch: { id, position }, now })
      }
      await bind(trx, id)
      return id
    })
  })
  if (!submitted.repeated) database.bell.ring('tasks')
  return submitted
}

const meaningOf = (submissions: readonly Submission[]): string =>
  createHash('sha256').update(submissions.map(fingerprintOf).join(' ')).digest('hex')
