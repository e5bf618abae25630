import { DAY_MS, HOUR_MS } from '../../src/lib/durations.ts'
import { createServer } from 'node:net'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { newId } from '../../src/lib/ids.ts'
import { plansOf } from '../support/query-plans.ts'
import { listDue } from '../../src/webhooks/webhook-store.ts'
import { readError } from '../support/read-error.ts'
import { startTestGateway, type TestGateway, type TestUser } from '../support/test-gateway.ts'
import { waitFor } from '../support/wait-for.ts'
import { addPainters, createWebhookCalls, PRIVATE_ADDRESSES, type WebhookCalls } from '../support/webhook-calls.ts'
import { startWebhookReceiver } from '../support/webhook-receiver.ts'

let gateway: TestGateway
let calls: WebhookCalls
/** Of a port on which nothing listens. */
let dead: string

beforeAll(async () => {
  gateway = await startTestGateway({ env: { ...PRIVATE_ADDRESSES, INFERENCE_CLUB_LIMITS_WEBHOOKS_PER_USER: '3' } })
  calls = createWebhookCalls(gateway)
  await addPainters(gateway)
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  dead = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  server.close()
})

afterAll(() => gateway.close())

type Change = Partial<{ next_try_at: number; first_try_at: number; created_at: number; state: 'pending' | 'failed' }>

/** Deliveries as requests that have ended leave them in the outbox. */
async function addDeliveries(user: TestUser, url: string, { count, ...change }: Change & { count: number }) {
  const now = gateway.database.clock.now()
  const rows = Array.from({ length: count }, () => ({
    id: newId('whd'),
    user_id: user.id,
    api_key_id: user.keyId,
    request_id: newId('req'),
    event_type: 'image.completed',
    url,
    host: new URL(url).host,
    payload: '{}',
    state: 'pending' as const,
    next_try_at: now,
    created_at: now,
    ...change
  }))
  for (let at = 0; at < rows.length; at += 500) {
    await gateway.database.db
      .insertInto('webhook_deliveries')
      .values(rows.slice(at, at + 500))
      .execute()
  }
  return rows.map(({ id }) => id)
}

const rowsOf = ({ id }: TestUser) =>
  gateway.database.db.selectFrom('webhook_deliveries').selectAll().where('user_id', '=', id).execute()

const submit = (user: TestUser, fields: Record<string, unknown>) => {
  const json = { model: 'asleep', prompt: 'x', size: '64x64', async: true, ...fields }
  return gateway.call('/v1/images/generations', { key: user.key, json })
}

describe('webhooks that are still to be delivered', () => {
  it('are as many as one may have; the next is refused naming the budget, and calls without one are not', async () => {
    const user = await gateway.addUser()
    const later = gateway.database.clock.now() + HOUR_MS
    await addDeliveries(user, dead, { count: 1, next_try_at: later })
    await addDeliveries(user, dead, { count: 5, state: 'failed' })
    for (let i = 0; i < 2; i++) expect((await submit(user, { webhook_url: dead })).status).toBe(202)
    const refused = await submit(user, { webhook_url: dead })
    const error = await readError(refused)
    expect([refused.status, error.code]).toEqual([429, 'insufficient_quota'])
    expect(error.message).toContain('LIMITS_WEBHOOKS_PER_USER')
    expect((await submit(user, {})).status).toBe(202)
    const other = await gateway.addUser()
    expect((await submit(other, { webhook_url: dead })).status).toBe(202)
  })

  it('are counted by batches and by deliveries that are asked for again, too', async () => {
    const user = await gateway.addUser()
    const [failed] = await addDeliveries(user, dead, { count: 1, state: 'failed' })
    const item = (webhook_url?: string) => ({
      endpoint: '/v1/images/generations',
      body: { model: 'asleep', prompt: 'x', webhook_url }
    })
    const batch = (requests: unknown[]) => gateway.call('/v1/batches', { key: user.key, json: { requests } })
    expect((await batch(Array.from({ length: 4 }, () => item(dead)))).status).toBe(429)
    expect((await batch([...Array.from({ length: 3 }, () => item(dead)), item()])).status).toBe(202)
    expect((await calls.redeliver(user, failed ?? '')).status).toBe(429)
    expect((await calls.row(failed ?? '')).state).toBe('failed')
  })
})

describe('a host that does not answer', () => {
  it('is asked for a few of its deliveries, and the others wait with them', async () => {
    const user = await gateway.addUser()
    const receiver = await startWebhookReceiver()
    await addDeliveries(user, dead, { count: 3000 })
    const [other] = await addDeliveries(user, receiver.url, { count: 1 })
    gateway.database.bell.ring('webhooks')
    await waitFor(async () => (await calls.row(other ?? '')).state === 'delivered')
    await waitFor(async () =>
      (await rowsOf(user)).every((row) => row.next_try_at > gateway.database.clock.now() - 1000)
    )
    const rows = (await rowsOf(user)).filter((row) => row.id !== other)
    expect(rows.reduce((sum, row) => sum + row.tries, 0)).toBeLessThan(20)
    expect(rows.every((row) => row.state === 'pending')).toBe(true)
    await receiver.close()
    await gateway.database.db.deleteFrom('webhook_deliveries').where('user_id', '=', user.id).execute()
  })

  it('is given up with all that was first tried a day ago', async () => {
    const user = await gateway.addUser()
    const first_try_at = gateway.database.clock.now() - DAY_MS
    await addDeliveries(user, dead, { count: 500, first_try_at })
    const later = await addDeliveries(user, dead, { count: 5, next_try_at: first_try_at + 2 * DAY_MS })
    gateway.database.bell.ring('webhooks')
    await waitFor(async () => (await rowsOf(user)).filter((row) => row.state === 'failed').length === 500)
    const rows = await rowsOf(user)
    expect(rows.reduce((sum, row) => sum + row.tries, 0)).toBeLessThan(20)
    expect(
      rows
        .filter((row) => row.state === 'pending')
        .map((row) => row.id)
        .sort()
    ).toEqual(later.sort())
  })

  it('does not make looking for what is due read more than an index', async () => {
    const except = { ids: ['a'], userIds: ['b'], hosts: ['c'] }
    const plans = await plansOf(gateway.database.db, (db) => listDue(db, { now: 1, limit: 16, except }))
    expect(plans.filter((plan) => /SCAN|SEARCH/.test(plan))).toEqual([
      expect.stringContaining('COVERING INDEX webhook_deliveries_due')
    ])
    expect(plans.join()).not.toContain('TEMP B-TREE')
  })
})

it('deliveries are kept for a time, and then removed', async () => {
  const user = await gateway.addUser()
  const now = gateway.database.clock.now()
  await addDeliveries(user, dead, { count: 450, state: 'failed', created_at: now - 30 * DAY_MS - 1000 })
  const kept = await addDeliveries(user, dead, { count: 2, state: 'failed', created_at: now - 30 * DAY_MS + 60_000 })
  await gateway.gateway.context.webhooks.prune(new AbortController().signal)
  expect((await rowsOf(user)).map((row) => row.id).sort()).toEqual(kept.sort())
})
