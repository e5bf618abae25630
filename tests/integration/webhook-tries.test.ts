import { HOUR_MS } from '../../src/lib/durations.ts'
import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { silentLogger } from '../../src/lib/logger.ts'
import { startWebhookDelivery } from '../../src/webhooks/deliver-webhooks.ts'
import { createWebhookSender } from '../../src/webhooks/webhook-request.ts'
import { startTestGateway, type TestGateway } from '../support/test-gateway.ts'
import { waitFor } from '../support/wait-for.ts'
import {
  addPainters,
  arrived,
  createWebhookCalls,
  PRIVATE_ADDRESSES,
  queueDelivery,
  verify,
  type WebhookCalls
} from '../support/webhook-calls.ts'
import { startWebhookReceiver, type WebhookReceiver } from '../support/webhook-receiver.ts'
import { openTestDatabase } from '../support/open-test-database.ts'

let gateway: TestGateway
let calls: WebhookCalls
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
})

afterAll(async () => {
  for (const receiver of receivers) receiver.release()
  await gateway.close()
  for (const receiver of receivers) await receiver.close()
})

describe('a try that fails', () => {
  it('is repeated later with the same id and body, and a signature of its own time', async () => {
    const user = await gateway.addUser()
    const receiver = await newReceiver()
    receiver.answerNext(500)
    const job = await calls.submit(user, receiver.url)
    const failed = await calls.delivery(user, job, { status: 'PENDING', last_status: 500 })
    expect(failed).toMatchObject({ tries: 1, last_error: 'the receiver answered 500', delivered_at: null })
    const { next_try_at, first_try_at } = await calls.row(failed.id)
    expect(next_try_at - (first_try_at ?? 0)).toBeGreaterThanOrEqual(4000)

    await calls.letTimePass(failed.id)
    const delivered = await calls.delivery(user, job, { status: 'DELIVERED' })
    expect(delivered).toMatchObject({ id: failed.id, tries: 2, last_status: 204, last_error: null })
    const [first, second] = await arrived(receiver, 2)
    expect(second!.headers['webhook-id']).toBe(first!.headers['webhook-id'])
    expect(second!.body).toBe(first!.body)
    await verify(first!, user)
    await verify(second!, user)
  })

  it('is the last one after 24 h', async () => {
    const user = await gateway.addUser()
    const receiver = await newReceiver()
    receiver.answerNext(500, 500, 503)
    const job = await calls.submit(user, receiver.url)
    const { id } = await calls.delivery(user, job, { status: 'PENDING', last_status: 500 })
    await calls.letTimePass(id, 23 * HOUR_MS)
    await calls.delivery(user, job, { status: 'PENDING', tries: 2, last_status: 500 })
    await calls.letTimePass(id, 24 * HOUR_MS)
    const last = await calls.delivery(user, job, { status: 'FAILED' })
    expect(last).toMatchObject({ tries: 3, last_status: 503, next_try_at: null, delivered_at: null })
  })

  it('is the last one when the receiver is gone', async () => {
    const user = await gateway.addUser()
    const receiver = await newReceiver()
    receiver.answerNext(410)
    const job = await calls.submit(user, receiver.url)
    expect(await calls.delivery(user, job, { status: 'FAILED' })).toMatchObject({ tries: 1, last_status: 410 })
  })

  it('with a redirect is not followed', async () => {
    const user = await gateway.addUser()
    const [receiver, elsewhere] = [await newReceiver(), await newReceiver()]
    receiver.answerNext((response) => response.writeHead(307, { location: elsewhere.url }).end())
    const job = await calls.submit(user, receiver.url)
    await calls.delivery(user, job, { status: 'PENDING', last_status: 307, tries: 1 })
    expect(elsewhere.connections()).toBe(0)
  })

  it('leaves the job as it is', async () => {
    const user = await gateway.addUser()
    const receiver = await newReceiver()
    receiver.answerNext(500)
    const job = await calls.submit(user, receiver.url)
    await calls.delivery(user, job, { last_status: 500 })
    const told = await (await gateway.call(`/v1/jobs/${job}`, { key: user.key })).json()
    expect(told).toMatchObject({ status: 'PROCESSED', attempts: [{ status: 'succeeded' }] })
  })
})

describe('a slow receiver', () => {
  it('keeps two connections at most, and nobody else waiting', async () => {
    const [slow, quick] = [await gateway.addUser(), await gateway.addUser()]
    const [hanging, receiver] = [await newReceiver(), await newReceiver()]
    hanging.answerNext(...Array<'hang'>(10).fill('hang'))
    for (let index = 0; index < 10; index += 1) await queueDelivery(gateway.database, slow, hanging.url)
    await arrived(hanging, 2)
    await queueDelivery(gateway.database, slow, receiver.url)
    const job = await calls.submit(quick, receiver.url)
    await calls.delivery(quick, job, { status: 'DELIVERED' })
    await arrived(receiver, 2)
    expect(hanging.received).toHaveLength(2)

    // As each one is let go, the next comes: all of them in the end, each once.
    await waitFor(async () => {
      hanging.release()
      return (await calls.list(slow, '?status=DELIVERED')).data.length === 11
    })
    expect(new Set(hanging.received.map((call) => call.headers['webhook-id'])).size).toBe(10)
    expect(hanging.received).toHaveLength(10)
  })

  it('does not help a user who has many of them to more than four at a time', async () => {
    const [slow, quick] = [await gateway.addUser(), await gateway.addUser()]
    const hanging = await Promise.all(Array.from({ length: 20 }, newReceiver))
    for (const one of hanging) {
      one.answerNext('hang')
      await queueDelivery(gateway.database, slow, one.url)
    }
    const busy = () => hanging.filter((one) => one.received.length > 0).length
    await waitFor(() => busy() === 4)
    const receiver = await newReceiver()
    await calls.delivery(quick, await calls.submit(quick, receiver.url), { status: 'DELIVERED' })
    expect(busy()).toBe(4)
    await waitFor(async () => {
      for (const one of hanging) one.release()
      return (await calls.list(slow, '?status=DELIVERED')).data.length === 20
    })
  })
})

describe('private addresses', () => {
  it('are refused at once unless the operator allows them', async () => {
    const receiver = await newReceiver()
    const guarded = await startTestGateway()
    await addPainters(guarded)
    const user = await guarded.addUser()
    for (const host of ['127.0.0.1', 'localhost', '[::1]', '2130706433', '0x7f.1', '[::ffff:127.0.0.1]']) {
      const job = await createWebhookCalls(guarded).submit(user, `http://${host}:${receiver.port}/`)
      const failed = await createWebhookCalls(guarded).delivery(user, job, { status: 'FAILED' })
      expect(failed).toMatchObject({ tries: 1, last_status: null, last_error: 'refused: private address' })
    }
    await guarded.close()
    expect(receiver.connections()).toBe(0)
  })
})

describe('a gateway that goes down', () => {
  const inFolder = async (use: (folder: string) => Promise<void>) => {
    const folder = await mkdtemp(join(tmpdir(), 'inference-club-'))
    await use(folder).finally(() => rm(folder, { recursive: true }))
  }

  it('delivers nothing that a power cut could undo, and its next start delivers what it left', async () => {
    const receiver = await newReceiver()
    const held: (() => void)[] = []
    let holding = false
    const syncFile = async () => {
      if (holding) await new Promise<void>((resolve) => held.push(resolve))
    }
    const first = await startTestGateway({ env: PRIVATE_ADDRESSES, syncFile })
    await addPainters(first)
    const user = await first.addUser()
    const job = await createWebhookCalls(first).submit(user, receiver.url, { model: 'asleep' })
    holding = true
    expect(await first.gateway.context.requests.cancel(job)).toBe(true)
    const id = await waitFor(async () => {
      const deliveries = first.database.db.selectFrom('webhook_deliveries').selectAll()
      const row = await deliveries.where('request_id', '=', job).executeTakeFirst()
      return row?.tries === 1 && row.id
    })
    await waitFor(() => held.length > 0)
    expect(receiver.connections()).toBe(0)

    await inFolder(async (folder) => {
      // What the files hold now is what a killed process leaves: committed, claimed, and not sent.
      await cp(first.dataDir, folder, { recursive: true })
      const next = await startTestGateway({ env: PRIVATE_ADDRESSES, dataDir: folder })
      await createWebhookCalls(next).letTimePass(id)
      await createWebhookCalls(next).delivery(user, job, { status: 'DELIVERED', tries: 2 })
      await next.close()
    })
    const [call] = receiver.received
    expect(call!.headers['webhook-id']).toBe(id)
    expect(await verify(call!, user)).toMatchObject({ type: 'image.canceled', data: { id: job } })
    expect(receiver.received).toHaveLength(1)

    holding = false
    for (const release of held) release()
    await arrived(receiver, 2)
    await first.close()
  })

  it('sends at its next start what ended while nobody could send it', async () => {
    await inFolder(async (folder) => {
      const receiver = await newReceiver()
      const first = await startTestGateway({ env: PRIVATE_ADDRESSES, dataDir: folder })
      const user = await first.addUser()
      await first.close()
      const database = await openTestDatabase({ dataDir: folder })
      const id = await queueDelivery(database, user, receiver.url)
      await database.close()
      const next = await startTestGateway({ env: PRIVATE_ADDRESSES, dataDir: folder })
      const [call] = await arrived(receiver)
      expect(call!.headers['webhook-id']).toBe(id)
      await next.close()
      expect(receiver.received).toHaveLength(1)
    })
  })

  it('cuts off a try that takes too long, and repeats it at the next start', async () => {
    await inFolder(async (folder) => {
      const receiver = await newReceiver()
      receiver.answerNext(500, 'hang')
      const first = await startTestGateway({ env: PRIVATE_ADDRESSES, dataDir: folder })
      const user = await first.addUser()
      const id = await queueDelivery(first.database, user, receiver.url)
      await waitFor(async () => (await createWebhookCalls(first).row(id)).last_status === 500)
      // By now the pause after a failure would be two hours.
      await createWebhookCalls(first).letTimePass(id, HOUR_MS)
      await arrived(receiver, 2)
      await first.close()
      await waitFor(() => receiver.open() === 0)
      const next = await startTestGateway({ env: PRIVATE_ADDRESSES, dataDir: folder })
      await arrived(receiver, 3)
      expect(receiver.received.map((call) => call.headers['webhook-id'])).toEqual([id, id, id])
      await waitFor(async () => (await createWebhookCalls(next).row(id)).state === 'delivered')
      await next.close()
    })
  })
})

describe('two processes on one database', () => {
  it('send each delivery once', async () => {
    const user = await gateway.addUser()
    const receiver = await newReceiver()
    const other = await openTestDatabase({ dataDir: gateway.dataDir })
    const send = createWebhookSender({ userAgent: 'the other one', allowPrivateAddresses: () => true })
    const second = startWebhookDelivery({ database: other, send, logger: silentLogger() })
    const count = 60
    for (let index = 0; index < count; index += 1) {
      await queueDelivery(gateway.database, user, receiver.url)
      other.bell.ring('webhooks')
    }
    await waitFor(async () => (await calls.list(user, '?status=DELIVERED&limit=200')).data.length === count)
    await second.close()
    await other.close()
    const ids = receiver.received.map((call) => call.headers['webhook-id'])
    expect(new Set(ids).size).toBe(count)
    expect(ids).toHaveLength(count)
    expect(new Set(receiver.received.map((call) => call.headers['user-agent'])).size).toBe(2)
  })
})
