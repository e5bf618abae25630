import type { Trx } from '../db/database.ts'
import { toUnixSeconds } from '../lib/clock.ts'
import { newId } from '../lib/ids.ts'
import type { RequestRow } from './request-store.ts'

const EVENT_TYPES = { succeeded: 'image.completed', failed: 'image.failed', canceled: 'image.canceled' } as const

/**
 * Puts the webhook of a request that has just ended into the outbox, in the transaction that ends it. The payload is
 * thin, as OpenAI's and Standard Webhooks' are: receivers fetch the job.
 */
export async function insertDelivery(trx: Trx, request: RequestRow, url: string): Promise<void> {
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
