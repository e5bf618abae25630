import { errors } from '../lib/errors.ts'
import { applyUseLimits } from '../usage/apply-use-limits.ts'
import { admitImages } from './admit-images.ts'
import type { Once } from './create-once.ts'
import { insertSubmission } from './insert-submission.ts'
import type { RequestParts } from './request-parts.ts'
import { TASK_CLASS } from './request-states.ts'
import { findRequest } from './request-store.ts'
import { fingerprintOf, needsOf, type Submission } from './submission.ts'

/**
 * Makes the durable row of a request and its tasks, and wakes the dispatcher. With an idempotency key the request of
 * an earlier call of the same meaning is returned instead (`repeated`).
 * Throws `no_provider`, `not_found` when that earlier request was deleted, and what `admitImages` throws; nothing is kept then.
 */
export async function submitRequest(
  parts: RequestParts,
  submission: Submission,
  idempotency?: Pick<Once, 'endpoint' | 'key'>
): Promise<{ id: string; repeated: boolean }> {
  const { principal, image, inputs } = submission
  applyUseLimits(principal, image, inputs[0])
  const submitted = await admitImages(parts, {
    principal,
    once: idempotency && { ...idempotency, fingerprint: fingerprintOf(submission) },
    inputs,
    models: [image.model],
    check: () => requireOffer(parts, submission),
    open: async (trx) => ({
      images: image.n,
      webhooks: submission.webhookUrl === undefined ? 0 : 1,
      queue: async (place) => {
        const taskClass = submission.isAsync ? TASK_CLASS.async : TASK_CLASS.interactive
        const id = await insertSubmission(trx, submission, { ...place, taskClass })
        return { id, requestIds: [id] }
      }
    })
  })
  if (submitted.repeated && !(await findRequest(parts.database.db, submitted.id))) throw errors.deletedSince()
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
