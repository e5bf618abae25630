import { errors } from '../lib/errors.ts'
import { createOnce, type Once } from './create-once.ts'
import { insertSubmission } from './insert-submission.ts'
import type { RequestParts } from './request-parts.ts'
import { TASK_CLASS } from './request-states.ts'
import { fingerprintOf, neededFeatures, type Submission } from './submission.ts'
import { countUnfinished } from './task-store.ts'

/**
 * Makes the durable row of a request and its tasks, and wakes the dispatcher. With an idempotency key the request of
 * an earlier call of the same meaning is returned instead (`repeated`).
 * Throws `no_provider`, `queue_full` and `idempotency_mismatch`; nothing is kept then.
 */
export async function submitRequest(
  parts: RequestParts,
  submission: Submission,
  idempotency?: Pick<Once, 'endpoint' | 'key'>
): Promise<{ id: string; repeated: boolean }> {
  const { database } = parts
  const { userId } = submission.principal
  const once = idempotency && { ...idempotency, userId, fingerprint: fingerprintOf(submission) }
  const submitted = await createOnce(parts, once, async (bind) => {
    await requireOffer(parts, submission)
    await refuseWhenFull(parts, { userId, images: submission.image.n })
    return database.db.transaction().execute(async (trx) => {
      const taskClass = submission.isAsync ? TASK_CLASS.async : TASK_CLASS.interactive
      const id = await insertSubmission(trx, submission, { taskClass, now: database.clock.now() })
      await bind(trx, id)
      return id
    })
  })
  if (!submitted.repeated) database.bell.ring('tasks')
  return submitted
}

/** Throws `no_provider` when nobody this caller may use can do it. */
export const requireOffer = (parts: RequestParts, submission: Submission): Promise<void> =>
  parts.offers.requireOffer({
    principal: submission.principal,
    model: submission.image.model,
    needs: neededFeatures(submission),
    routing: submission.routing,
    canWait: submission.isAsync
  })

/** Throws `queue_full` when that many images more would pass the limit of the user or of all. */
export async function refuseWhenFull(
  { database, limits }: Pick<RequestParts, 'database' | 'limits'>,
  wanted: { userId: string; images: number }
): Promise<void> {
  const { userId, images } = wanted
  const own = await countUnfinished(database.db, { userId, most: limits.queuePerUser + 1 })
  if (own + images > limits.queuePerUser) {
    throw errors.queueFull(
      `You have ${own} images waiting or running, and at most ${limits.queuePerUser} are allowed. Wait for some to finish.`
    )
  }
  const all = await countUnfinished(database.db, { most: limits.queueTotal + 1 })
  if (all + images > limits.queueTotal)
    throw errors.queueFull('The queue of this server is full. Try again in a while.')
}
