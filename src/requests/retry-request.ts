import { errors } from '../lib/errors.ts'
import type { Principal } from '../lib/principal.ts'
import type { Feature } from '../images/image-request.ts'
import type { RequestParts } from './request-parts.ts'
import { findRequest, reopenRequest } from './request-store.ts'
import { TASK_CLASS } from './request-states.ts'
import { refuseWhenFull } from './submit-request.ts'
import { listTasks, nextOrderKey, reopenTask } from './task-store.ts'

/**
 * Queues a failed or canceled request again, inputs and seeds included, with fresh attempts; images it has already stay.
 * Throws `not_found`, `conflict` when it has not failed, `no_provider` and `queue_full`.
 */
export async function retryRequest(parts: RequestParts, { id, principal }: { id: string; principal: Principal }) {
  const { database } = parts
  const request = await findRequest(database.db, id)
  if (!request || request.user_id !== principal.userId) throw errors.notFound(`The request '${id}'`)
  const missing = (await listTasks(database.db, id)).filter((task) => task.state !== 'succeeded')
  const [first] = missing
  if (!first || (request.state !== 'failed' && request.state !== 'canceled')) throw notFailed(id)
  await parts.offers.requireOffer({
    principal,
    model: request.model,
    needs: first.needs.split(' ') as Feature[],
    routing: first.routing,
    canWait: true
  })
  await refuseWhenFull(parts, { userId: principal.userId, images: missing.length })

  const now = database.clock.now()
  await database.db.transaction().execute(async (trx) => {
    if (!(await reopenRequest(trx, id))) throw notFailed(id)
    const place = { userId: request.user_id, model: request.model, taskClass: TASK_CLASS.async }
    const orderKey = await nextOrderKey(trx, place)
    for (const [index, task] of missing.entries()) {
      await reopenTask(trx, task.id, { class: place.taskClass, order_key: orderKey + index, queued_at: now })
    }
  })
  database.bell.ring(`request:${id}`)
  database.bell.ring('tasks')
}

const notFailed = (id: string) =>
  errors.conflict(`The request '${id}' has not failed or been canceled: there is nothing to retry.`)
