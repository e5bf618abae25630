import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createSteadyClock } from '../../src/lib/clock.ts'
import { DAY_MS, HOUR_MS } from '../../src/lib/durations.ts'
import { callDashboard } from '../support/dashboard-calls.ts'
import { generate, getJob, type ImagesAnswer, SMALL } from '../support/image-calls.ts'
import { listRows, listStore } from '../support/list-remains.ts'
import { startHandWorker } from '../support/hand-worker.ts'
import { leftHalfTransparent, plainPng } from '../support/pictures.ts'
import { readError } from '../support/read-error.ts'
import { startTestGateway, type TestGateway, type TestUser } from '../support/test-gateway.ts'
import { waitFor } from '../support/wait-for.ts'

const MOST_SECONDS = 10 * 365 * 86_400
const SIZE = { width: 48, height: 32 }

let gateway: TestGateway
/** How far the gateway's clock is ahead. */
let aheadMs = 0
let user: TestUser

beforeAll(async () => {
  const clock = createSteadyClock()
  gateway = await startTestGateway({ clock: { ...clock, now: () => clock.now() + aheadMs } })
  user = await gateway.addUser()
  const features = ['generate', 'edit', 'mask', 'variation', 'seed', 'preview'] as const
  await gateway.addAgent({
    key: user.key,
    services: [{ concurrency: 4, models: [{ id: 'demo', servedAs: 'demo', features: [...features] }] }]
  })
})
afterAll(() => gateway.close())

const sweep = () => gateway.gateway.context.requests.sweep(new AbortController().signal)
const pathOf = (url: string): string => url.slice(gateway.url.length)
const dataUrl = (bytes: Buffer): string => `data:image/png;base64,${bytes.toString('base64')}`

async function call(path: string, json?: unknown, of: Pick<TestUser, 'key'> = user) {
  const response = await gateway.call(path, { key: of.key, ...(json !== undefined && { json }) })
  return { status: response.status, body: (await response.json()) as Record<string, never> }
}

const statusOf = async (path: string, init: Parameters<TestGateway['call']>[1] = {}): Promise<number> => {
  const response = await gateway.call(path, init)
  await response.arrayBuffer()
  return response.status
}

const jobStatus = (id: string, of: Pick<TestUser, 'key'> = user) => statusOf(`/v1/jobs/${id}`, { key: of.key })

interface Job {
  id: string
  status: string
  expires_in: number | null
  expires_at: number | null
  finished_at: number | null
  pinned: boolean
}

const job = async (id: string, of: Pick<TestUser, 'client'> = user) => (await getJob(of.client, id)) as unknown as Job

/** An edit with a mask, of which a thumbnail has been made. */
async function makeEdit(fields: object, of: Pick<TestUser, 'key'> = user) {
  const picture = await plainPng(SIZE, [Math.floor(Math.random() * 255), 2, Math.floor(Math.random() * 255)])
  const { status, body } = await call(
    '/v1/images/edits',
    {
      ...SMALL,
      ...{ images: [{ image_url: dataUrl(picture) }], mask: { image_url: dataUrl(await leftHalfTransparent(SIZE)) } },
      ...fields
    },
    of
  )
  expect(status, JSON.stringify(body)).toBe(200)
  const { request_id: id, data } = body as unknown as ImagesAnswer
  const path = pathOf(data[0]!.url)
  expect(await statusOf(`${path}?width=16`)).toBe(200)
  return { id, path }
}

const gone = (id: string) => waitFor(async () => (await listRows(gateway, id)).length === 0)

async function accept(fields: object, of: Pick<TestUser, 'key'> = user): Promise<string> {
  const { status, body } = await call('/v1/images/generations', { ...SMALL, async: true, ...fields }, of)
  expect(status, JSON.stringify(body)).toBe(202)
  return body.id as unknown as string
}

async function made(fields: object, of: TestUser = user): Promise<string> {
  const id = await accept(fields, of)
  await waitFor(async () => (await job(id, of)).status === 'PROCESSED')
  return id
}

/** Makes it look as if a request had ended so long ago. */
const age = (id: string, ms: number) =>
  gateway.database.db
    .updateTable('requests')
    .set({ finished_at: Date.now() - ms })
    .where('id', '=', id)
    .execute()

describe('expires_in', () => {
  it.each([0, 60, MOST_SECONDS, '3600'])('may be %j', async (expires_in) => {
    expect((await job(await made({ expires_in }))).expires_in).toBe(Number(expires_in))
  })

  it.each([-1, 1, 59, 60.5, MOST_SECONDS + 1, 'soon', true])('is refused by name when it is %j', async (expires_in) => {
    const response = await gateway.call('/v1/images/generations', { key: user.key, json: { ...SMALL, expires_in } })
    expect(response.status).toBe(400)
    expect(await readError(response)).toMatchObject({ code: 'invalid_request', param: 'expires_in' })
  })

  it('is told by the job, counts from its end, and nothing is said of others', async () => {
    const done = await job(await made({ expires_in: 3600 }))
    expect(done.expires_at).toBe(done.finished_at! + 3600)
    expect(await job(await made({}))).toMatchObject({ expires_in: null, expires_at: null, pinned: false })
  })

  it('leaves what waits alone, however long it does', async () => {
    const friend = await gateway.addUser()
    const models = [{ id: 'rare', features: ['generate' as const] }]
    const worker = await startHandWorker(gateway, { key: friend.key, services: [{ models }] })
    await worker.close()
    const id = await accept({ model: 'rare', expires_in: 60 }, friend)
    try {
      aheadMs = 1_800_000
      await sweep()
      expect(await job(id, friend)).toMatchObject({ status: 'QUEUED', expires_at: null, expires_in: 60 })
    } finally {
      aheadMs = 0
      await call(`/v1/jobs/${id}/cancel`, {}, friend)
    }
  })

  it('is over for everybody at that moment, and then nothing is left of it but its numbers', async () => {
    const owner = await gateway.addUser()
    const before = await listStore(gateway)
    const { id, path } = await makeEdit({ expires_in: 60 }, owner)
    const inputs = ((await job(id, owner)) as unknown as { inputs: { url: string }[] }).inputs.map(({ url }) =>
      pathOf(url)
    )
    const share = (await call(`/v1/jobs/${id}/shares`, {}, owner)).body as unknown as {
      id: string
      urls: string[]
      page_url: string
    }
    const sha256 = /"(\w+)"/.exec((await gateway.call(path)).headers.get('etag') ?? '')?.[1]
    const isKnown = async () => (await call(`/api/provenance?sha256=${sha256}`, undefined, owner)).body.made_here
    const sharePage = () => statusOf(pathOf(share.page_url))
    expect([await isKnown(), await sharePage()]).toEqual([true, 200])
    const paths = [path, `${path}?width=16`, pathOf(share.urls[0]!), ...inputs]
    const statuses = async () => new Set(await Promise.all(paths.map((one) => statusOf(one, { key: owner.key }))))
    expect(await statuses()).toEqual(new Set([200]))
    expect((await listStore(gateway)).length).toBeGreaterThan(before.length + 2)
    const response = await gateway.call(path)
    await response.arrayBuffer()
    const seconds = Number(/^public, max-age=(\d+)$/.exec(response.headers.get('cache-control') ?? '')?.[1])
    expect(seconds).toBeGreaterThan(30)
    expect(seconds).toBeLessThanOrEqual(60)
    try {
      aheadMs = 61_000
      expect(await statuses()).toEqual(new Set([404]))
      expect(await jobStatus(id, owner)).toBe(404)
      expect([await isKnown(), await sharePage()]).toEqual([false, 404])
      for (const [method, rest] of [
        ['DELETE', ''],
        ['POST', '/retry'],
        ['POST', '/shares'],
        ['GET', '/shares'],
        ['DELETE', `/shares/${share.id}`]
      ] as const) {
        expect(await statusOf(`/v1/jobs/${id}${rest}`, { method, key: owner.key }), `${method} ${rest}`).toBe(404)
      }
      expect(await listRows(gateway, id)).toContain('share_links')
      expect((await call('/v1/jobs', undefined, owner)).body.data).toEqual([])
      const cookie = await gateway.signIn(owner)
      expect(await callDashboard(gateway, { cookie }, 'requests')).toMatchObject({ body: { items: [] } })
      await Promise.all([sweep(), sweep()])
    } finally {
      aheadMs = 0
    }
    expect(await listRows(gateway, id)).toEqual([])
    expect((await listStore(gateway)).sort()).toEqual(before.sort())
    const usage = await gateway.database.db
      .selectFrom('usage_images')
      .selectAll()
      .where('user_id', '=', owner.id)
      .execute()
    expect(usage).toHaveLength(1)
  })

  it('of a failed job begins anew when it is tried again', async () => {
    const id = await made({ expires_in: 60 })
    await gateway.database.db.updateTable('requests').set({ state: 'canceled' }).where('id', '=', id).execute()
    await gateway.database.db.updateTable('tasks').set({ state: 'canceled' }).where('request_id', '=', id).execute()
    expect((await call(`/v1/jobs/${id}/retry`, {})).status).toBe(202)
    const row = () =>
      gateway.database.db.selectFrom('requests').selectAll().where('id', '=', id).executeTakeFirstOrThrow()
    await waitFor(async () => (await row()).state === 'succeeded')
    expect((await row()).expires_at).toBe((await row()).finished_at! + 60_000)
  })

  it('of a key holds where the call says nothing', async () => {
    const key = await gateway.addKey(user, { expiresInDefault: 120 })
    expect(await job(await made({}, { ...user, key: key.key }))).toMatchObject({ expires_in: 120 })
    expect(await job(await made({ expires_in: 60 }, { ...user, key: key.key }))).toMatchObject({ expires_in: 60 })
  })

  it('is part of what a call means', async () => {
    const send = async (json: object) => {
      const headers = { 'idempotency-key': 'kept' }
      return (await gateway.call('/v1/images/generations', { key: user.key, headers, json: { ...SMALL, ...json } }))
        .status
    }
    expect([await send({ expires_in: 600 }), await send({ expires_in: 600 }), await send({})]).toEqual([200, 200, 409])
  })

  it('holds for each request of a batch, which goes with the last of them', async () => {
    const body = { ...SMALL, expires_in: 60 }
    const requests = [body, { ...body, expires_in: 120 }].map((one) => ({
      endpoint: '/v1/images/generations',
      body: one
    }))
    const batch = (await call('/v1/batches', { requests })).body as unknown as { id: string; jobs: { id: string }[] }
    const [first, second] = batch.jobs.map(({ id }) => id)
    for (const id of [first!, second!]) await waitFor(async () => (await job(id)).status === 'PROCESSED')
    try {
      aheadMs = 90_000
      const left = async () => {
        const { body } = await call(`/v1/batches/${batch.id}`)
        return (body as unknown as { jobs: { id: string }[] }).jobs.map(({ id }) => id)
      }
      expect(await left()).toEqual([second])
      await sweep()
      expect([await jobStatus(first!), await jobStatus(second!)]).toEqual([404, 200])
      expect(await left()).toEqual([second])
      aheadMs = 180_000
      await sweep()
    } finally {
      aheadMs = 0
    }
    expect((await call(`/v1/batches/${batch.id}`)).status).toBe(404)
  })

  it('takes the webhooks with it', async () => {
    const id = await made({ expires_in: 60, webhook_url: 'https://example.org/hook' })
    expect(await listRows(gateway, id)).toContain('webhook_deliveries')
    try {
      aheadMs = 61_000
      await sweep()
    } finally {
      aheadMs = 0
    }
    expect(await listRows(gateway, id)).toEqual([])
  })
})

describe('expires_in: 0', () => {
  it('is gone when it was answered with base64, whose answer holds no URL', async () => {
    const answer = await generate(user.client, { expires_in: 0, response_format: 'b64_json' })
    expect(answer.data[0]).toMatchObject({ b64_json: expect.any(String) as unknown })
    expect(answer.data[0]).not.toHaveProperty('url')
    await gone(answer.request_id)
    expect(await jobStatus(answer.request_id)).toBe(404)
  })

  it('is gone when each of its URLs has been fetched whole, and not before', async () => {
    const { request_id: id, data } = await generate(user.client, { expires_in: 0, n: 2 })
    const [first, second] = data.map(({ url }) => pathOf(url)) as [string, string]
    expect(await statusOf(first, { method: 'HEAD' })).toBe(200)
    expect(await statusOf(`${first}?width=16`)).toBe(200)
    expect(await statusOf(first, { headers: { range: 'bytes=0-9' } })).toBe(206)
    const response = await gateway.call(first)
    expect(response.headers.get('cache-control')).toBe('private, no-store')
    expect((await response.arrayBuffer()).byteLength).toBeGreaterThan(10)
    await waitFor(async () => (await statusOf(first)) === 404)
    expect([await jobStatus(id), await statusOf(`${second}?width=16`)]).toEqual([200, 200])
    expect(await statusOf(second, { headers: { range: 'bytes=10-' } })).toBe(206)
    await gone(id)
    expect(await statusOf(second)).toBe(404)
  })

  it('is gone after the event that brought it', async () => {
    const response = await gateway.call('/v1/images/generations', {
      key: user.key,
      json: { ...SMALL, stream: true, expires_in: 0 }
    })
    const id = response.headers.get('x-inference-club-request-id')!
    expect(await response.text()).toContain('image_generation.completed')
    await gone(id)
  })

  it('waits a day for whoever fetches a job, and is over then', async () => {
    const id = await made({ expires_in: 0 })
    const { expires_at, finished_at } = await job(id)
    expect(expires_at).toBe(finished_at! + 86_400)
    try {
      aheadMs = DAY_MS + 1000
      expect(await jobStatus(id)).toBe(404)
    } finally {
      aheadMs = 0
    }
    const { body } = await call(`/v1/jobs/${id}`)
    const { result } = body as unknown as { result: ImagesAnswer }
    expect(await statusOf(pathOf(result.data[0]!.url))).toBe(200)
    await gone(id)
  })

  it('stays when it is pinned, and others do not go by what delivers them', async () => {
    const id = await made({ expires_in: 0 })
    const pinned = await gateway.call(`/v1/jobs/${id}`, { method: 'PATCH', key: user.key, json: { pinned: true } })
    expect(await pinned.json()).toMatchObject({ pinned: true, expires_at: null, expires_in: 0 })
    const other = await made({ expires_in: 3600 })
    for (const one of [id, other]) {
      const { result } = (await call(`/v1/jobs/${one}`)).body as unknown as { result: ImagesAnswer }
      const path = pathOf(result.data[0]!.url)
      expect([await statusOf(path), await statusOf(path)]).toEqual([200, 200])
      // What would go has gone by then, for it goes as soon as the connection has its last byte.
      await pause(100)
      expect(await statusOf(path)).toBe(200)
    }
  })
})

describe('what is kept', () => {
  const set = async (limits: { retentionMs?: number; retentionBytes?: number }) =>
    void Object.assign(gateway.gateway.context.config.limits, { retentionMs: 0, retentionBytes: 0, ...limits })

  it('is by the age that the operator or, if that is shorter, a person says', async () => {
    const [club, strict] = [await gateway.addUser(), await gateway.addUser()]
    const ids = { old: await made({}, club), young: await made({}, club), pin: await made({}, club) }
    await gateway.call(`/v1/jobs/${ids.pin}`, { method: 'PATCH', key: club.key, json: { pinned: true } })
    const theirs = [await made({}, strict), await made({}, strict)]
    const cookie = await gateway.signIn(strict)
    const account = (json: object) =>
      callDashboard(gateway, { cookie }, 'account?mayDelete=true', { method: 'PATCH', json })
    expect(await account({ keepDays: 2 })).toMatchObject({ status: 200, body: { keepDays: 2, keepBytes: null } })
    for (const keepDays of [0, 0.5, 36_501]) expect((await account({ keepDays })).status).toBe(400)
    const keepBytes = async (bytes: unknown) => {
      const { status, body } = await account({ keepBytes: bytes })
      return status === 200 ? (body as { keepBytes: number | null }).keepBytes : status
    }
    for (const bytes of [1_000_000, 1024 ** 5, null]) expect(await keepBytes(bytes)).toBe(bytes)
    for (const bytes of [999_999, 1024 ** 5 + 1, 1_000_000.5, 'all']) expect(await keepBytes(bytes)).toBe(400)
    for (const [id, days] of [
      [ids.old, 11],
      [ids.pin, 11],
      [ids.young, 9],
      [theirs[0]!, 3],
      [theirs[1]!, 1]
    ] as const) {
      await age(id, days * DAY_MS)
    }
    await set({ retentionMs: 10 * DAY_MS })
    try {
      await Promise.all([sweep(), sweep()])
      expect([
        await jobStatus(ids.old, club),
        await jobStatus(ids.young, club),
        await jobStatus(ids.pin, club)
      ]).toEqual([404, 200, 200])
      expect([await jobStatus(theirs[0]!, strict), await jobStatus(theirs[1]!, strict)]).toEqual([404, 200])
      // A person who says more than the operator has no more.
      await account({ keepDays: 36_500 })
      await age(theirs[1]!, 11 * DAY_MS)
      await sweep()
      expect(await jobStatus(theirs[1]!, strict)).toBe(404)
    } finally {
      await set({})
    }
  })

  it('is by how much it takes, the oldest first, what is pinned last of all', async () => {
    const owner = await gateway.addUser()
    const ids: string[] = []
    for (let i = 0; i < 4; i += 1) ids.push(await made({ prompt: `fox ${i}` }, owner))
    for (const [index, id] of ids.entries()) await age(id, (10 - index) * HOUR_MS)
    await gateway.call(`/v1/jobs/${ids[0]}`, { method: 'PATCH', key: owner.key, json: { pinned: true } })
    const stored = async () =>
      (
        await gateway.database.db
          .selectFrom('stored_bytes')
          .select('bytes')
          .where('owner_id', '=', owner.id)
          .executeTakeFirst()
      )?.bytes ?? 0
    const all = await stored()
    const statuses = () => Promise.all(ids.map((id) => jobStatus(id, owner)))
    try {
      await set({ retentionBytes: all })
      await sweep()
      expect(await statuses()).toEqual([200, 200, 200, 200])
      await set({ retentionBytes: all - 1 })
      await Promise.all([sweep(), sweep()])
      expect(await statuses()).toEqual([200, 404, 200, 200])
      await set({ retentionBytes: 1 })
      await sweep()
      expect(await statuses()).toEqual([200, 404, 404, 404])
      expect(await stored()).toBeGreaterThan(1)
    } finally {
      await set({})
    }
  })

  it('is pinned by its owner alone, and by nothing else than true or false', async () => {
    const id = await made({})
    const [member, admin] = [await gateway.addUser(), await gateway.addUser({ role: 'admin' })]
    const pin = async (key: string, json: object) => statusOf(`/v1/jobs/${id}`, { method: 'PATCH', key, json })
    expect([await pin(member.key, { pinned: true }), await pin(admin.key, { pinned: true })]).toEqual([404, 404])
    expect([await pin(user.key, { pinned: 'maybe' }), await pin(user.key, {})]).toEqual([400, 400])
    expect((await job(id)).pinned).toBe(false)
    expect(await pin(user.key, { pinned: true, visibility: 'SECRET' })).toBe(200)
    expect(await job(id)).toMatchObject({ pinned: true, visibility: 'SECRET' })
    expect(await pin(user.key, { pinned: false })).toBe(200)
    expect(await job(id)).toMatchObject({ pinned: false, visibility: 'SECRET' })
  })
})

describe('a clock that goes ahead', () => {
  it('deletes nothing until gateways have run on for a while, which admins are told, and then what is due', async () => {
    const admin = await gateway.addPerson({ role: 'admin' })
    const id = await made({ expires_in: 60 })
    const problems = async () =>
      ((await callDashboard(gateway, admin, 'system')).body as { problems: string[] }).problems.join(' ')
    const isThere = async () => (await listRows(gateway, id)).length > 0
    await sweep()
    try {
      aheadMs = 5 * DAY_MS
      expect(await jobStatus(id)).toBe(404)
      await sweep()
      await sweep()
      expect(await isThere()).toBe(true)
      expect(await problems()).toContain('clock')
      // It is set back: it was a mistake, and nothing is lost.
      aheadMs = 0
      await sweep()
      expect(await jobStatus(id)).toBe(200)
      expect(await problems()).not.toContain('clock')
      aheadMs = 5 * DAY_MS
      await sweep()
      for (let halfHours = 0; halfHours < 11; halfHours += 1) {
        aheadMs += HOUR_MS / 2
        await sweep()
      }
      expect(await isThere()).toBe(true)
      aheadMs += 0.9 * HOUR_MS
      await sweep()
      expect(await isThere()).toBe(false)
    } finally {
      aheadMs = 0
      await sweep()
    }
  })

  it('of what runs for minutes a day holds up nothing for good', async () => {
    await sweep()
    const id = await made({ expires_in: 60 })
    try {
      for (let days = 0; days < 20 && (await listRows(gateway, id)).length > 0; days += 1) {
        aheadMs += DAY_MS
        await sweep()
        aheadMs += HOUR_MS / 2
        await sweep()
      }
    } finally {
      aheadMs = 0
    }
    expect(await listRows(gateway, id)).toEqual([])
    await sweep()
  })
})
