import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { newId } from '../../src/lib/ids.ts'
import { VERSION } from '../../src/lib/version.ts'
import { type FakeOpenAIServer, startFakeOpenAIServer } from '../support/fake-openai-server.ts'
import { SMALL } from '../support/image-calls.ts'
import { readError } from '../support/read-error.ts'
import { startTestGateway, type TestGateway, type TestUser } from '../support/test-gateway.ts'
import { waitFor } from '../support/wait-for.ts'
import {
  addPainters,
  arrived,
  createWebhookCalls,
  type DeliveryPage,
  PRIVATE_ADDRESSES,
  queueDelivery,
  verify,
  type WebhookCalls
} from '../support/webhook-calls.ts'
import { startWebhookReceiver, type WebhookReceiver } from '../support/webhook-receiver.ts'

let gateway: TestGateway
let calls: WebhookCalls
let upstream: FakeOpenAIServer
const receivers: WebhookReceiver[] = []

const newReceiver = async (): Promise<WebhookReceiver> => {
  const receiver = await startWebhookReceiver()
  receivers.push(receiver)
  return receiver
}

beforeAll(async () => {
  gateway = await startTestGateway({ env: PRIVATE_ADDRESSES })
  calls = createWebhookCalls(gateway)
  await addPainters(gateway)
  upstream = await startFakeOpenAIServer()
  const models = [{ id: 'proxied', servedAs: 'proxied', features: ['generate' as const] }]
  const { key } = await gateway.addUser()
  await gateway.addAgent({ key, services: [{ engine: 'openai', url: upstream.url, models }] })
})

afterAll(async () => {
  for (const receiver of receivers) receiver.release()
  await gateway.close()
  await upstream.close()
  for (const receiver of receivers) await receiver.close()
})

describe('a job that ends', () => {
  const endings = [
    {
      status: 'PROCESSED',
      type: 'image.completed',
      fields: {},
      after: async () => undefined
    },
    {
      status: 'FAILED',
      type: 'image.failed',
      fields: { model: 'proxied', prompt: 'a mistake [fake:error_400]' },
      after: async () => undefined
    },
    {
      status: 'CANCELED',
      type: 'image.canceled',
      fields: { model: 'asleep' },
      after: async (user: TestUser, job: string) =>
        void (await gateway.call(`/v1/jobs/${job}/cancel`, { method: 'POST', key: user.key }))
    }
  ]

  it.each(endings)(
    'is told once, signed with the secret of its key: $type',
    async ({ status, type, fields, after }) => {
      const user = await gateway.addUser()
      const receiver = await newReceiver()
      const job = await calls.submit(user, `${receiver.url}/hook?job=1`, fields)
      await after(user, job)

      const logged = await calls.delivery(user, job, { status: 'DELIVERED' })
      const [call] = await arrived(receiver)
      expect(call).toMatchObject({ method: 'POST', path: '/hook?job=1' })
      expect(call!.headers).toMatchObject({
        'content-type': 'application/json',
        'user-agent': `inference-club/${VERSION}`,
        'webhook-id': logged.id
      })
      expect(await verify(call!, user)).toEqual({
        id: logged.id,
        object: 'event',
        type,
        created_at: logged.created_at,
        data: { id: job, object: 'inference.job' }
      })
      expect(logged).toEqual({
        id: expect.stringMatching(/^whd_/),
        object: 'webhook.delivery',
        event_type: type,
        job_id: job,
        url: `${receiver.url}/hook?job=1`,
        status: 'DELIVERED',
        tries: 1,
        last_status: 204,
        last_error: null,
        created_at: expect.any(Number),
        next_try_at: null,
        delivered_at: expect.any(Number)
      })
      const told = (await (await gateway.call(`/v1/jobs/${job}`, { key: user.key })).json()) as Record<string, unknown>
      expect(told).toMatchObject({ status, finished_at: logged.created_at })

      // Whatever else is delivered afterwards, this one is not.
      const other = await calls.submit(user, receiver.url)
      await calls.delivery(user, other, { status: 'DELIVERED' })
      expect(receiver.received).toHaveLength(2)
    }
  )

  it('is told again when it was retried and ended again, as an event of its own', async () => {
    const user = await gateway.addUser()
    const receiver = await newReceiver()
    const job = await calls.submit(user, receiver.url, { model: 'asleep' })
    const post = (what: string) => gateway.call(`/v1/jobs/${job}/${what}`, { method: 'POST', key: user.key })
    await post('cancel')
    await arrived(receiver)
    expect((await post('retry')).status).toBe(202)
    await post('cancel')
    const ids = (await arrived(receiver, 2)).map((call) => call.headers['webhook-id'])
    expect(new Set(ids).size).toBe(2)
  })

  it('calls back for each request of a batch that says so', async () => {
    const user = await gateway.addUser()
    const receiver = await newReceiver()
    const item = (fields: object) => ({ endpoint: '/v1/images/generations', body: { ...SMALL, ...fields } })
    const requests = [item({ webhook_url: receiver.url }), item({}), item({ webhook_url: `${receiver.url}/other` })]
    const response = await gateway.call('/v1/batches', { key: user.key, json: { requests } })
    const { jobs } = (await response.json()) as { jobs: { id: string }[] }
    await arrived(receiver, 2)
    const told = await Promise.all(receiver.received.map((call) => verify(call, user)))
    expect(told.map(({ data }) => (data as { id: string }).id).sort()).toEqual([jobs[0]!.id, jobs[2]!.id].sort())
    await gateway.drain()
    expect((await calls.list(user)).data).toHaveLength(2)
  })

  it('needs async: true to call back, and an address of the web', async () => {
    const { key } = await gateway.addUser()
    for (const fields of [
      { webhook_url: 'https://example.org/' },
      { async: true, webhook_url: 'ftp://example.org/' },
      { async: true, webhook_url: 'https://me:secret@example.org/' },
      { async: true, webhook_url: 'nonsense' }
    ]) {
      const response = await gateway.call('/v1/images/generations', { key, json: { ...SMALL, ...fields } })
      expect(await readError(response)).toMatchObject({ type: 'invalid_request', param: 'webhook_url' })
    }
  })
})

describe('every key that is made', () => {
  it('has a webhook secret of its own, the first one too', async () => {
    const { db } = gateway.database
    const made = [gateway.gateway.newKey!.webhookSecret, (await gateway.addUser()).webhookSecret]
    const stored = await db
      .selectFrom('api_keys')
      .select('webhook_secret')
      .where('webhook_secret', 'in', made)
      .execute()
    expect(stored).toHaveLength(2)
    for (const secret of made) expect(secret).toMatch(/^whsec_/)
  })
})

describe('a delivery without a secret to sign it', () => {
  it.each([
    ['the key was made without one', 'not sent: the API key was made without a webhook secret'],
    ['the key is gone', 'not sent: the API key has been deleted']
  ])('is not sent and not repeated: %s', async (which, error) => {
    const user = await gateway.addUser()
    const receiver = await newReceiver()
    const { db } = gateway.database
    if (which === 'the key is gone') user.keyId = newId('key')
    else await db.updateTable('api_keys').set({ webhook_secret: null }).where('id', '=', user.keyId).execute()
    const id = await queueDelivery(gateway.database, user, receiver.url)
    const row = await waitFor(async () => {
      const now = await calls.row(id)
      return now.state === 'failed' && now
    })
    expect(row.last_error).toBe(error)
    expect(receiver.connections()).toBe(0)
  })
})

describe('redelivery', () => {
  it('sends a delivered one once more under its id', async () => {
    const user = await gateway.addUser()
    const receiver = await newReceiver()
    const job = await calls.submit(user, receiver.url)
    const first = await calls.delivery(user, job, { status: 'DELIVERED' })
    receiver.answerNext('hang')
    const response = await calls.redeliver(user, first.id)
    expect(response.status).toBe(202)
    expect(await response.json()).toMatchObject({ id: first.id, status: 'PENDING', tries: 1, delivered_at: null })
    await arrived(receiver, 2)
    receiver.release()
    expect(await calls.delivery(user, job, { status: 'DELIVERED' })).toMatchObject({ id: first.id, tries: 2 })
    expect(receiver.received[1]!.headers['webhook-id']).toBe(first.id)
    await verify(receiver.received[1]!, user)
  })

  it('gives a failed one 24 h again', async () => {
    const user = await gateway.addUser()
    const receiver = await newReceiver()
    receiver.answerNext(410, 500)
    const job = await calls.submit(user, receiver.url)
    const { id } = await calls.delivery(user, job, { status: 'FAILED' })
    expect((await calls.redeliver(user, id)).status).toBe(202)
    await calls.delivery(user, job, { status: 'PENDING', tries: 2, last_status: 500 })
    const { first_try_at, created_at } = await calls.row(id)
    expect(first_try_at).toBeGreaterThan(created_at)
    await calls.letTimePass(id)
    await calls.delivery(user, job, { status: 'DELIVERED', tries: 3 })
  })

  it('of one that waits for its next try brings it on', async () => {
    const user = await gateway.addUser()
    const receiver = await newReceiver()
    receiver.answerNext(500)
    const job = await calls.submit(user, receiver.url)
    const { id } = await calls.delivery(user, job, { status: 'PENDING', last_status: 500 })
    await calls.redeliver(user, id)
    await calls.delivery(user, job, { status: 'DELIVERED', tries: 2 })
  })

  it('during a try waits for that one, and comes at once when it fails', async () => {
    const user = await gateway.addUser()
    const receiver = await newReceiver()
    const release: (() => void)[] = []
    receiver.answerNext((response) => void release.push(() => response.writeHead(500).end()))
    const job = await calls.submit(user, receiver.url)
    await arrived(receiver)
    const [{ id } = { id: '' }] = (await calls.list(user, `?job=${job}`)).data
    await calls.redeliver(user, id)
    gateway.database.bell.ring('webhooks')
    const other = await calls.submit(user, receiver.url)
    await calls.delivery(user, other, { status: 'DELIVERED' })
    expect(receiver.received).toHaveLength(2)
    release[0]?.()
    await calls.delivery(user, job, { status: 'DELIVERED', tries: 2 })
  })

  it("is for one's own deliveries only", async () => {
    const [user, other] = [await gateway.addUser(), await gateway.addUser({ role: 'admin' })]
    const receiver = await newReceiver()
    const job = await calls.submit(user, receiver.url)
    const { id } = await calls.delivery(user, job, { status: 'DELIVERED' })
    for (const wrong of [await calls.redeliver(other, id), await calls.redeliver(user, 'whd_nothing')]) {
      expect(wrong.status).toBe(404)
      expect(await readError(wrong)).toMatchObject({ type: 'not_found' })
    }
    expect((await calls.list(other)).data).toEqual([])
    expect((await calls.list(other, `?job=${job}`)).data).toEqual([])
    const page = await gateway.call(`/v1/webhooks/deliveries?after=${id}`, { key: other.key })
    expect(await readError(page)).toMatchObject({ type: 'invalid_request', param: 'after' })
    expect(receiver.received).toHaveLength(1)
  })

  it('needs a key that may make images', async () => {
    const { key } = await gateway.addUser({ scopes: ['agent'] })
    expect((await calls.redeliver({ key }, 'whd_1')).status).toBe(403)
    expect((await gateway.call('/v1/webhooks/deliveries', { key })).status).toBe(403)
    expect((await gateway.call('/v1/webhooks/deliveries')).status).toBe(401)
  })
})

describe('the log', () => {
  it('is paged, newest first, and filtered', async () => {
    const user = await gateway.addUser()
    const receiver = await newReceiver()
    const ids: string[] = []
    receiver.answerNext(204, 410, 204, 410, 204)
    for (let index = 0; index < 5; index += 1) {
      const id = await queueDelivery(gateway.database, user, receiver.url)
      ids.unshift(id)
      await waitFor(async () => (await calls.row(id)).state !== 'pending')
    }
    const idsOf = (page: DeliveryPage) => page.data.map((one) => one.id)
    const all = await calls.list(user)
    // Two of one millisecond come in the order of their ids.
    expect(idsOf(all).sort()).toEqual([...ids].sort())
    expect(all.data.map((one) => one.created_at)).toEqual(all.data.map((one) => one.created_at).sort((a, b) => b - a))
    expect(all).toMatchObject({ object: 'list', first_id: all.data[0]?.id, last_id: all.data[4]?.id, has_more: false })

    const first = await calls.list(user, '?limit=2')
    const second = await calls.list(user, `?limit=2&after=${first.last_id}`)
    const third = await calls.list(user, `?limit=2&after=${second.last_id}`)
    expect([first, second, third].map((page) => page.has_more)).toEqual([true, true, false])
    expect([first, second, third].flatMap(idsOf)).toEqual(idsOf(all))

    const statuses = async (query: string) => (await calls.list(user, query)).data.map((one) => one.status)
    expect(await statuses('?status=FAILED')).toEqual(['FAILED', 'FAILED'])
    expect(await statuses('?status=DELIVERED')).toEqual(['DELIVERED', 'DELIVERED', 'DELIVERED'])
    expect(await statuses('?status=PENDING')).toEqual([])
    expect(idsOf(await calls.list(user, `?job=${all.data[1]?.job_id}`))).toEqual([all.data[1]?.id])
    expect(idsOf(await calls.list(user, '?job=req_nothing'))).toEqual([])
  })

  it.each([
    ['limit', '?limit=0'],
    ['limit', '?limit=201'],
    ['status', '?status=LATE'],
    ['after', '?after=whd_nothing']
  ])('names a wrong %s: %s', async (param, query) => {
    const { key } = await gateway.addUser()
    const response = await gateway.call(`/v1/webhooks/deliveries${query}`, { key })
    expect(response.status).toBe(400)
    expect(await readError(response)).toMatchObject({ type: 'invalid_request', param })
  })
})
