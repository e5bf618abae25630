import type { Selectable } from 'kysely'
import { expect } from 'vitest'
import { Webhook } from 'standardwebhooks'
import type { Database } from '../../src/db/database.ts'
import type { Tables } from '../../src/db/tables.ts'
import { newId } from '../../src/lib/ids.ts'
import { SMALL } from './image-calls.ts'
import type { TestGateway, TestUser } from './test-gateway.ts'
import { waitFor } from './wait-for.ts'
import type { ReceivedWebhook, WebhookReceiver } from './webhook-receiver.ts'

/** Of a gateway whose webhooks may call receivers on the loopback. */
export const PRIVATE_ADDRESSES = { INFERENCE_CLUB_WEBHOOK_PRIVATE_ADDRESSES: '1' }

/** An item of the delivery log as the contract has it. */
export interface Delivery {
  id: string
  object: string
  event_type: string
  job_id: string
  url: string
  status: string
  tries: number
  last_status: number | null
  last_error: string | null
  created_at: number
  next_try_at: number | null
  delivered_at: number | null
}

export interface DeliveryPage {
  object: string
  data: Delivery[]
  first_id: string | null
  last_id: string | null
  has_more: boolean
}

export interface WebhookCalls {
  /** Submits a job that calls back; returns its id. */
  submit(user: TestUser, url: string, fields?: Record<string, unknown>): Promise<string>
  list(user: Pick<TestUser, 'key'>, query?: string): Promise<DeliveryPage>
  /** The delivery of a job that has only one, once it looks as wanted. */
  delivery(user: TestUser, job: string, wanted: Partial<Delivery>): Promise<Delivery>
  redeliver(user: Pick<TestUser, 'key'>, id: string): Promise<Response>
  row(id: string): Promise<Selectable<Tables['webhook_deliveries']>>
  /** Lets the pause before the next try pass, and as much of the 24 h as is said. */
  letTimePass(id: string, firstTryAgoMs?: number): Promise<void>
}

export function createWebhookCalls(gateway: TestGateway): WebhookCalls {
  const { db, clock, bell } = gateway.database
  const list: WebhookCalls['list'] = async ({ key }, query = '') => {
    const response = await gateway.call(`/v1/webhooks/deliveries${query}`, { key })
    expect(response.status).toBe(200)
    return (await response.json()) as DeliveryPage
  }
  return {
    submit: async ({ key }, url, fields = {}) => {
      const json = { ...SMALL, ...fields, async: true, webhook_url: url }
      const response = await gateway.call('/v1/images/generations', { key, json })
      expect(response.status).toBe(202)
      return ((await response.json()) as { id: string }).id
    },
    list,
    delivery: (user, job, wanted) =>
      waitFor(async () => {
        const [one] = (await list(user, `?job=${job}`)).data
        const looks = Object.entries(wanted).every(([name, value]) => one?.[name as keyof Delivery] === value)
        return looks && one
      }),
    redeliver: ({ key }, id) => gateway.call(`/v1/webhooks/deliveries/${id}/redeliver`, { method: 'POST', key }),
    row: (id) => db.selectFrom('webhook_deliveries').selectAll().where('id', '=', id).executeTakeFirstOrThrow(),
    letTimePass: async (id, firstTryAgoMs = 0) => {
      const now = clock.now()
      await db
        .updateTable('webhook_deliveries')
        .set({ next_try_at: now, ...(firstTryAgoMs > 0 && { first_try_at: now - firstTryAgoMs }) })
        .where('id', '=', id)
        .execute()
      bell.ring('webhooks')
    }
  }
}

/** A delivery as a request that has just ended leaves it in the outbox; returns its id. */
export async function queueDelivery({ db, clock, bell }: Database, user: TestUser, url: string): Promise<string> {
  const id = newId('whd')
  await db
    .insertInto('webhook_deliveries')
    .values({
      id,
      user_id: user.id,
      api_key_id: user.keyId,
      request_id: newId('req'),
      event_type: 'image.completed',
      url,
      host: new URL(url).host,
      payload: JSON.stringify({ id, type: 'image.completed' }),
      state: 'pending',
      next_try_at: clock.now(),
      created_at: clock.now()
    })
    .execute()
  bell.ring('webhooks')
  return id
}

export const arrived = (receiver: WebhookReceiver, count = 1): Promise<ReceivedWebhook[]> =>
  waitFor(() => receiver.received.length >= count && receiver.received)

/** Checks a signature with both libraries; returns the event. */
export async function verify({ body, headers }: ReceivedWebhook, user: TestUser): Promise<Record<string, unknown>> {
  const event = new Webhook(user.webhookSecret).verify(body, headers)
  expect(await user.client.webhooks.unwrap(body, headers, user.webhookSecret)).toEqual(event)
  return event as Record<string, unknown>
}

/** One service `demo` that works, and one `asleep` that is known but not online: its jobs wait. */
export async function addPainters(gateway: TestGateway): Promise<void> {
  const { key } = await gateway.addUser()
  await gateway.addAgent({ key, name: 'studio', services: [{ concurrency: 2 }] })
  const models = [{ id: 'asleep', servedAs: 'demo', features: ['generate' as const] }]
  const sleeper = await gateway.addAgent({ key, name: 'sleeper', services: [{ models }] })
  await sleeper.stop()
}
