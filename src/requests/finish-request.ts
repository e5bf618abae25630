import type { Trx } from '../db/database.ts'
import { insertDelivery } from './outbox-store.ts'
import { hasEnded } from './request-states.ts'
import { endRequest, type EndedRequest, type RequestEnd } from './request-store.ts'
import { listTasks } from './task-store.ts'

/**
 * Ends a request and puts the webhook it asked for into the outbox; undefined when it had ended before, or some of its
 * tasks go on.
 */
export async function finishRequest(trx: Trx, id: string, end: RequestEnd): Promise<EndedRequest | undefined> {
  const ended = await endRequest(trx, id, end)
  if (ended?.webhook_url) await insertDelivery(trx, ended, ended.webhook_url)
  return ended
}

/**
 * Ends the request when all of its tasks have ended; called in every transaction that ends a task without an image. With at
 * least one image it succeeded, otherwise it failed for the reason of its first failed image.
 */
export async function endRequestIfDone(trx: Trx, requestId: string, now: number): Promise<void> {
  const tasks = await listTasks(trx, requestId)
  if (!tasks.every((task) => hasEnded(task.state))) return
  if (tasks.some((task) => task.state === 'succeeded')) {
    await finishRequest(trx, requestId, { state: 'succeeded', finishedAt: now })
    return
  }
  const failed = tasks.find((task) => task.state === 'failed')
  await finishRequest(trx, requestId, {
    state: failed ? 'failed' : 'canceled',
    finishedAt: now,
    errorCode: failed?.error_code ?? 'canceled',
    errorMessage: failed?.error_message ?? null,
    errorParam: failed?.error_param ?? null,
    unbegun: failed
  })
}
