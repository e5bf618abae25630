import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { DAY_MS, HOUR_MS } from '../../src/lib/durations.ts'
import type { AccountInfo } from '../../src/http/dashboard/contract/account.ts'
import { callDashboard, type DashboardError } from '../support/dashboard-calls.ts'
import { SMALL } from '../support/image-calls.ts'
import { plainPng } from '../support/pictures.ts'
import { startTestGateway, type TestGateway, type TestPerson } from '../support/test-gateway.ts'

let gateway: TestGateway
let admin: TestPerson

beforeAll(async () => {
  gateway = await startTestGateway()
  admin = await gateway.addPerson({ role: 'admin' })
  const { key } = await gateway.addKey(admin, { scopes: ['agent'] })
  const features = ['generate', 'edit', 'seed'] as const
  await gateway.addAgent({
    key,
    services: [{ concurrency: 4, models: [{ id: 'demo', servedAs: 'demo', features: [...features] }] }]
  })
})
afterAll(() => gateway.close())

type Json = Record<string, string | number | null>

const patch = async (by: TestPerson, path: 'settings' | 'account', json: Json, query = '') => {
  const { status, body } = await callDashboard<DashboardError>(gateway, by, path + query, { method: 'PATCH', json })
  return status === 200 ? undefined : { status, ...body.error }
}
/** What is said, and what goes when it is done all the same. */
async function asked(by: TestPerson, path: 'settings' | 'account', json: Json) {
  const refused = await patch(by, path, json)
  const before = await count()
  if (refused) expect(refused).toMatchObject({ status: 409, code: 'conflict', param: 'mayDelete' })
  await sweep()
  expect(await count(), 'nothing went before it was meant').toBe(before)
  expect(await patch(by, path, json, '?mayDelete=true')).toBeUndefined()
  await sweep()
  return { words: refused?.message, gone: before - (await count()) }
}

const sweep = () => gateway.gateway.context.requests.sweep(new AbortController().signal)
const { now } = Date
const count = async (): Promise<number> => {
  const rows = await gateway.database.db.selectFrom('requests').select('id').execute()
  return rows.length
}

/** Requests of somebody, each so many hours old. */
async function made(person: TestPerson, hours: readonly number[], fields: object = {}): Promise<string[]> {
  const { key } = await gateway.addKey(person, {})
  const ids: string[] = []
  for (const age of hours) {
    const path = 'images' in fields ? '/v1/images/edits' : '/v1/images/generations'
    const response = await gateway.call(path, { key, json: { ...SMALL, ...fields } })
    const { request_id: id } = (await response.json()) as { request_id: string }
    expect(response.status).toBe(200)
    ids.push(id)
    await gateway.database.db
      .updateTable('requests')
      .set({ finished_at: now() - age * HOUR_MS })
      .where('id', '=', id)
      .execute()
  }
  return ids
}

const pin = (id: string) =>
  gateway.database.db.updateTable('requests').set({ pinned: 1 }).where('id', '=', id).execute()
const storedOf = async ({ id }: TestPerson) =>
  (await gateway.database.db.selectFrom('stored_bytes').select('bytes').where('owner_id', '=', id).executeTakeFirst())
    ?.bytes ?? 0

describe('keeping less than before', () => {
  it('of everybody says first how much of how many people goes at once, and pinned ones do not', async () => {
    const [ada, ben, cleo] = [await gateway.addPerson(), await gateway.addPerson(), await gateway.addPerson()]
    await made(ada, [50, 49, 1])
    const [kept] = await made(ben, [49, 49])
    await pin(kept!)
    await made(cleo, [1])
    const { words, gone } = await asked(admin, 'settings', { retentionMs: '2d' })
    expect([words, gone]).toEqual([
      'Requests are kept for 2d instead of for ever. This deletes 3 requests of 2 people now, with their images and inputs, for good. Pinned ones stay.',
      3
    ])
    // What is kept for longer, or as before, asks nobody; what is shorter again does, with nothing to lose as well.
    expect(await patch(admin, 'settings', { retentionMs: '2d' })).toBeUndefined()
    expect(await patch(admin, 'settings', { retentionMs: '3d', rateLimit: '900' })).toBeUndefined()
    expect(await asked(admin, 'settings', { retentionMs: '2d' })).toEqual({
      words:
        'Requests are kept for 2d instead of for 3d. This deletes nothing now; later requests go once they are over that, with their images and inputs. Pinned ones stay.',
      gone: 0
    })
    // An hour is the least there is.
    expect((await asked(admin, 'settings', { retentionMs: '1h' })).gone).toBe(2)
    expect(await patch(admin, 'settings', { retentionMs: '0s' })).toBeUndefined()
    expect(await patch(admin, 'settings', { retentionMs: null })).toBeUndefined()
  })

  it('does nothing of what was asked for with it', async () => {
    expect(await patch(admin, 'settings', { retentionMs: '1d', queueTotal: '77' })).toMatchObject({ status: 409 })
    expect(gateway.gateway.context.config.limits).toMatchObject({ retentionMs: 0, queueTotal: 100_000 })
  })

  it('also when it is by going back to what the environment says', async () => {
    const own = await startTestGateway({ env: { INFERENCE_CLUB_LIMITS_RETENTION: '1d' } })
    const person = await own.addPerson({ role: 'admin' })
    const set = async (retentionMs: string | null) =>
      (await callDashboard(own, person, 'settings', { method: 'PATCH', json: { retentionMs } })).status
    expect([await set('9d'), await set(null), await set('0s'), await set(null)]).toEqual([200, 409, 200, 409])
    await own.close()
  })

  it('by size counts what a sweep would remove, bytes that several requests have once', async () => {
    const person = await gateway.addPerson()
    const picture = `data:image/png;base64,${(await plainPng({ width: 48, height: 32 }, [1, 2, 3])).toString('base64')}`
    const fields = { images: [{ image_url: picture }], size: '256x256' }
    const ids = await made(person, [9, 8, 7, 6, 5, 4], fields)
    await pin(ids[1]!)
    // As if each image took a megabyte: it is the least that can be kept.
    await gateway.database.db
      .updateTable('assets')
      .set({ bytes: 1_000_000 })
      .where('request_id', 'in', ids)
      .where('kind', '=', 'output')
      .execute()
    const inputs = (await storedOf(person)) > 0 ? 1 : 0
    expect(inputs).toBe(1)
    await gateway.database.db
      .updateTable('stored_bytes')
      .set({ bytes: 6_000_000 + 500 })
      .where('owner_id', '=', person.id)
      .execute()
    expect(await asked(person, 'account', { keepBytes: 3_500_000 })).toEqual({
      words:
        'Requests are kept up to 3.5 MB instead of without a limit. This deletes 3 requests of yours now, with their images and inputs, for good. Pinned ones stay.',
      gone: 3
    })
  })

  it('is meant by a word for yes alone', async () => {
    const person = await gateway.addPerson()
    const shorten = (query: string) => patch(person, 'account', { keepDays: 1 }, query)
    expect(await shorten('?mayDelete=false')).toMatchObject({ status: 409, param: 'mayDelete' })
    for (const query of ['?mayDelete=maybe', '?mayDelete=2', '?mayDelete=true&mayDelete=true']) {
      expect(await shorten(query)).toMatchObject({ status: 400, code: 'invalid_request', param: 'mayDelete' })
    }
    expect(await shorten('?mayDelete=1')).toBeUndefined()
  })

  it('of one’s own counts one’s own alone, and no more than the club keeps anyway', async () => {
    const [person, other] = [await gateway.addPerson(), await gateway.addPerson()]
    await made(person, [30, 2])
    await made(other, [30])
    expect(await asked(person, 'account', { keepDays: 1 })).toEqual({
      words:
        'Requests are kept for 1d instead of for ever. This deletes one request of yours now, with its images and inputs, for good. Pinned ones stay.',
      gone: 1
    })
    const { body } = await callDashboard<AccountInfo>(gateway, person, 'account')
    expect(body.keepDays).toBe(1)
    expect(await patch(person, 'account', { keepDays: 7 })).toBeUndefined()
    expect(await patch(person, 'account', { keepDays: null, name: 'Somebody' })).toBeUndefined()
    expect(await patch(person, 'account', { visibility: 'PRIVATE' })).toBeUndefined()
    Object.assign(gateway.gateway.context.config.limits, { retentionMs: DAY_MS })
    // The club keeps less than that already.
    expect(await patch(person, 'account', { keepDays: 30 })).toBeUndefined()
    Object.assign(gateway.gateway.context.config.limits, { retentionMs: 0 })
  })
})
