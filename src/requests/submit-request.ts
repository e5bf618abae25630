import type { Trx } from '../db/database.ts'
import { lockPerson, lockQueue } from '../db/locks.ts'
import { errors } from '../lib/errors.ts'
import type { Principal } from '../lib/principal.ts'
import { applyUseLimits } from '../usage/apply-use-limits.ts'
import { requireWebhookRoom } from '../usage/budgets.ts'
import { reserveImages } from '../usage/reserve-images.ts'
import { countUnfinished, type Unfinished } from '../usage/unfinished-store.ts'
import { createOnce, type Once } from './create-once.ts'
import { insertSubmission } from './insert-submission.ts'
import { countPendingWebhooks } from './outbox-store.ts'
import type { RequestParts } from './request-parts.ts'
import { TASK_CLASS } from './request-states.ts'
import { findRequest } from './request-store.ts'
import { ringRequest } from './ring-request.ts'
import { requireStorageRoom } from './require-storage-room.ts'
import { shareInputs } from './share-inputs.ts'
import { fingerprintOf, needsOf, type Submission } from './submission.ts'

/**
 * Makes the durable row of a request and its tasks, and wakes the dispatcher. With an idempotency key the request of
 * an earlier call of the same meaning is returned instead (`repeated`).
 * Throws `no_provider`, `queue_full`, `idempotency_mismatch`, and `not_found` when that earlier request was deleted;
 * nothing is kept then.
 */
export async function submitRequest(
  parts: RequestParts,
  submission: Submission,
  idempotency?: Pick<Once, 'endpoint' | 'key'>
): Promise<{ id: string; repeated: boolean }> {
  const { database } = parts
  applyUseLimits(submission.principal, submission.image, submission.inputs[0])
  const { userId } = submission.principal
  const once = idempotency && { ...idempotency, userId, fingerprint: fingerprintOf(submission) }
  const submitted = await createOnce(parts, once, async (bind) => {
    await requireOffer(parts, submission)
    const shared = await shareInputs(parts, { ownerId: userId, inputs: submission.inputs })
    const id = await database.db.transaction().execute(async (trx) => {
      await lockPerson(trx, userId)
      await lockQueue(trx)
      await admitImages(trx, {
        parts,
        principal: submission.principal,
        images: submission.image.n,
        webhooks: submission.webhookUrl === undefined ? 0 : 1
      })
      const taskClass = submission.isAsync ? TASK_CLASS.async : TASK_CLASS.interactive
      const id = await insertSubmission(trx, submission, { taskClass, shared, now: database.clock.now() })
      await bind(trx, id)
      // With the inputs.
      await requireStorageRoom(trx, { limits: parts.limits, userId })
      return id
    })
    await shared.discardSpare()
    return id
  })
  if (!submitted.repeated) {
    database.bell.ring('tasks')
    ringRequest(database.bell, { id: submitted.id, userId })
  } else if (!(await findRequest(database.db, submitted.id))) throw errors.deletedSince()
  return submitted
}

/** Throws `no_provider` when nobody this caller may use can do it. */
export const requireOffer = (parts: RequestParts, submission: Submission): Promise<void> =>
  parts.offers.requireOffer({
    principal: submission.principal,
    model: submission.image.model,
    needs: needsOf(submission),
    routing: submission.routing,
    canWait: submission.isAsync
  })

/**
 * Whether so many images more may be queued, and so many webhooks more be sent when they are done; asked in the transaction
 * that queues them, which has locked the person and the queue, so that callers who come together cannot pass a limit together.
 * Throws `queue_full` and `insufficient_quota`.
 */
export async function admitImages(
  trx: Trx,
  wanted: { parts: Pick<RequestParts, 'database' | 'limits'>; principal: Principal; images: number; webhooks: number }
): Promise<void> {
  const { parts, principal, images, webhooks } = wanted
  const { queuePerUser, queueTotal } = parts.limits
  const own = totalOf(await countUnfinished(trx, { userId: principal.userId }))
  if (own + images > queuePerUser) {
    throw errors.queueFull(
      `You have ${own} images waiting or running, and at most ${queuePerUser} are allowed. Wait for some to finish.`
    )
  }
  const all = totalOf(await countUnfinished(trx))
  if (all + images > queueTotal) throw errors.queueFull('The queue of this server is full. Try again in a while.')
  await requireStorageRoom(trx, { limits: parts.limits, userId: principal.userId })
  if (webhooks > 0) {
    const pending = await countPendingWebhooks(trx, principal.userId)
    requireWebhookRoom(parts.limits, { pending, more: webhooks })
  }
  await reserveImages(trx, { principal, images, now: parts.database.clock.now() })
}

const totalOf = ({ queued, running }: Unfinished): number => queued + running
