import type { Trx } from '../db/database.ts'
import { UNFINISHED } from './request-states.ts'
import { toUnixSeconds } from '../lib/clock.ts'
import { newId } from '../lib/ids.ts'
import type { EndedRequest } from './request-store.ts'

const EVENT_TYPES = { succeeded: 'image.completed', failed: 'image.failed', canceled: 'image.canceled' } as const

/**
 * Puts the webhook of a request that has just ended into the outbox, in the transaction that ends it. The payload is
 * thin, as OpenAI's and Standard Webhooks' are: receivers fetch the job.
 */
export async function insertDelivery(trx: Trx, request: EndedRequest, url: string): Promise<void> {
  const now = request.finished_at ?? request.created_at
  const id = newId('whd')
  const type = EVENT_TYPES[request.state as keyof typeof EVENT_TYPES]
  await trx
    .insertInto('webhook_deliveries')
    .values({
      id,
      user_id: request.user_id,
      api_key_id: request.api_key_id,
      request_id: request.id,
      event_type: type,
      url,
      host: new URL(url).host,
      payload: JSON.stringify({
        id,
        object: 'event',
        type,
        created_at: toUnixSeconds(now),
        data: { id: request.id, object: 'inference.job' }
      }),
      state: 'pending',
      next_try_at: now,
      last_status: null,
      last_error: null,
      created_at: now,
      first_try_at: null,
      delivered_at: null
    })
    .execute()
}

/** Deliveries of a person that are still to be made: those that wait, and those of requests that have not ended. */
export async function countPendingWebhooks(trx: Trx, userId: string): Promise<number> {
  const deliveries = await trx
    .selectFrom('webhook_deliveries')
    .select((e) => e.fn.countAll<number>().as('count'))
    .where('user_id', '=', userId)
    .where('state', '=', 'pending')
    .executeTakeFirst()
  const requests = await trx
    .selectFrom('requests')
    .select((e) => e.fn.countAll<number>().as('count'))
    .where('user_id', '=', userId)
    .where('state', 'in', UNFINISHED)
    .where('webhook_url', 'is not', null)
    .executeTakeFirst()
  return Number(deliveries?.count ?? 0) + Number(requests?.count ?? 0)
}
