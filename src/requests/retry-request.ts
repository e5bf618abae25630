import type { Trx } from '../db/database.ts'
import { errors } from '../lib/errors.ts'
import { mayUseModel, type Principal } from '../lib/principal.ts'
import { type Admission, admitImages } from './admit-images.ts'
import { costOf, workOfTask } from '../providers/image-cost.ts'
import { nextOrderKey } from './queue-store.ts'
import type { RequestParts } from './request-parts.ts'
import { reopenRequest, type RequestRow } from './request-store.ts'
import { requireOwnRequest } from './require-own-request.ts'
import { TASK_CLASS } from './request-states.ts'
import { listTasks, reopenTask, type TaskRow } from './task-store.ts'

/**
 * Queues a failed or canceled request again, inputs and seeds included, with fresh attempts; images it has already stay.
 * A call that repeats one with its idempotency key changes nothing (`repeated`).
 * Throws `not_found`, `conflict` when it has not failed, `no_provider`, and what `admitImages` throws.
 */
export async function retryRequest(
  parts: RequestParts,
  retry: { id: string; principal: Principal; idempotencyKey?: string }
): Promise<{ repeated: boolean }> {
  const { id, principal, idempotencyKey: key } = retry
  const request = await requireOwnRequest(parts.database, { id, userId: principal.userId })
  const { repeated } = await admitImages(parts, {
    principal,
    once: key === undefined ? undefined : { endpoint: 'retry', key, fingerprint: id },
    // They are there already.
    inputs: [],
    reopens: id,
    models: [request.model],
    check: () => requireSomewhere(parts, { request, principal }),
    open: (trx) => reopen(trx, request)
  })
  return { repeated }
}

async function reopen(trx: Trx, request: RequestRow): ReturnType<Admission['open']> {
  const { id, user_id: userId, model } = request
  if (!(await reopenRequest(trx, id))) throw notFailed(id)
  const missing = (await listTasks(trx, id)).filter((task) => task.state !== 'succeeded')
  return {
    images: missing.length,
    webhooks: request.webhook_url === null ? 0 : 1,
    queue: async ({ now, measured }) => {
      const taskClass = classOf(missing)
      for (const task of missing) {
        const cost = costOf(measured.get(model) ?? [], workOfTask(task))
        const place = { class: taskClass, order_key: nextOrderKey({ userId, model, taskClass, ahead: 0 }), cost }
        await reopenTask(trx, task.id, { ...place, queued_at: now })
      }
      return { id, requestIds: [id] }
    }
  }
}

/** Throws `conflict` when there is nothing to retry, and `no_provider`. */
async function requireSomewhere(
  parts: RequestParts,
  { request, principal }: { request: RequestRow; principal: Principal }
): Promise<void> {
  const [first] = await listTasks(parts.database.db, request.id)
  if (!first || (request.state !== 'failed' && request.state !== 'canceled')) throw notFailed(request.id)
  if (!mayUseModel(principal, request.model)) throw errors.modelNotAllowed(request.model)
  await parts.offers.requireOffer({
    principal,
    model: request.model,
    needs: first.needs.split(' '),
    routing: first.routing,
    canWait: true
  })
}

/** Nobody waits for a retried request on a connection; what came in a batch goes on as part of it. */
const classOf = (tasks: readonly TaskRow[]) => Math.max(TASK_CLASS.async, ...tasks.map((task) => task.class))

const notFailed = (id: string) =>
  errors.conflict(`The request '${id}' has not failed or been canceled: there is nothing to retry.`)
