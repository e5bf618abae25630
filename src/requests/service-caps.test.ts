import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openRequestRows, type RequestRows } from '../../tests/support/request-rows.ts'
import type { OfferingConfig } from '../config/config.ts'
import { HOUR_MS, MINUTE_MS } from '../lib/durations.ts'
import type { Reach } from '../providers/trust-policy.ts'
import { capsOf, countHadOf, findCapEnds, isCapped, listReached } from './service-caps.ts'

const NOW = 100 * HOUR_MS
const OFFERING = { newProviderAtOnce: 2, newProviderPerHour: 5 } as OfferingConfig
const SERVICE = { serviceId: 'svc', providerId: 'prv', ownerId: 'owner' }

let rows: RequestRows
let made = 0

beforeEach(async () => {
  rows = await openRequestRows()
  for (const id of ['owner', 'ann', 'bob']) await rows.addUser(id)
  await rows.addProvider('prv', { owner_id: 'owner' })
  await rows.addService('svc', { provider_id: 'prv' })
})

afterEach(() => rows.close())

/** An attempt for somebody, as it runs or has ended. */
async function attempt(userId: string, change: Partial<Parameters<RequestRows['addAttempt']>[1]>): Promise<void> {
  const id = `one_${++made}`
  await rows.addRequest(id, { user_id: userId, state: 'running' })
  await rows.addTask(id, { request_id: id })
  await rows.addAttempt(id, { task_id: id, request_id: id, ...change })
}

const runs = (userId: string) => attempt(userId, { state: 'running' })
const failed = (userId: string, finished_at: number) =>
  attempt(userId, { state: 'failed', reason: 'crashed', finished_at })

/** An image that was stored for somebody. */
async function stored(userId: string, created_at: number): Promise<void> {
  const id = `one_${++made}`
  const size = { width: 64, height: 64, generating_ms: 1 }
  const place = { provider_id: 'prv', service_id: 'svc', api_key_id: 'key', model: 'm', kind: 'generation' }
  await rows.db
    .insertInto('usage_images')
    .values({ asset_id: id, request_id: id, user_id: userId, ...place, ...size, created_at, first_of_request: 1 })
    .execute()
}

const cappedAs = async (reach: Reach, caps: { imagesPerHour?: number; imagesPerUserHour?: number } = {}) =>
  (await capsOf(rows.db, [{ ...SERVICE, ...caps, reach }], { now: NOW, offering: OFFERING })).get('svc')

describe('a service of a new provider', () => {
  it('has as many places for others as it may run at once, and none is busy while there is one', async () => {
    expect(await cappedAs('few')).toMatchObject({ others: false, left: 2 })
    await runs('ann')
    const one = await cappedAs('few')
    expect(one).toMatchObject({ others: false, left: 1 })
    expect(one).not.toHaveProperty('isBusy')
  })

  it('is busy when all of its places are taken: the next may begin when one is done', async () => {
    await runs('ann')
    await runs('bob')
    expect(await cappedAs('few')).toMatchObject({ others: true, left: 0, isBusy: true })
  })

  it('is not busy but has had enough when its hour is used up, by what runs and what was made, not by what failed', async () => {
    for (let minute = 1; minute <= 3; minute += 1) await stored('ann', NOW - minute * MINUTE_MS)
    await failed('bob', NOW - 3 * MINUTE_MS)
    expect(await cappedAs('few')).toMatchObject({ others: false, left: 2 })
    await runs('ann')
    expect(await cappedAs('few')).toMatchObject({ others: false, left: 1 })
    await runs('bob')
    const full = await cappedAs('few')
    expect(full).toMatchObject({ others: true, left: 0 })
    expect(full).not.toHaveProperty('isBusy')
  })

  it('counts neither its owner nor what is more than an hour ago, and no places of one that is trusted', async () => {
    await runs('owner')
    await stored('owner', NOW - 1)
    await failed('owner', NOW - 1)
    await stored('ann', NOW - HOUR_MS - 1)
    await failed('ann', NOW - HOUR_MS - 1)
    expect(await cappedAs('few')).toMatchObject({ others: false, left: 2 })
    await runs('ann')
    await runs('bob')
    expect(await cappedAs('all')).toEqual({ others: false, userIds: new Set() })
    expect(await cappedAs('owner')).toEqual({ others: true, userIds: new Set() })
  })
})

describe('a service of whose images its owner lets others have a number', () => {
  const caps = { imagesPerHour: 3, imagesPerUserHour: 2 }

  it('is closed to those who have had theirs, and to all others when all is had, never to its owner', async () => {
    await stored('ann', NOW - 1)
    expect(await cappedAs('all', caps)).toEqual({ others: false, userIds: new Set() })
    await runs('ann')
    const ofAnn = await cappedAs('all', caps)
    expect(ofAnn).toEqual({ others: false, userIds: new Set(['ann']) })
    const may = (userId: string) => !isCapped(ofAnn, { userId, ownerId: 'owner' })
    expect([may('ann'), may('bob'), may('owner')]).toEqual([false, true, true])
    await stored('bob', NOW - HOUR_MS)
    expect(await cappedAs('all', caps)).toEqual({ others: true, userIds: new Set(['ann']) })
    expect(await countHadOf(rows.db, [SERVICE], NOW)).toEqual(new Map([['svc', 2]]))
  })

  const endFor = async (userId: string, of: { imagesPerHour?: number; imagesPerUserHour?: number }) => {
    const service = { ...SERVICE, ...of, reach: 'all' } as const
    return (await (await findCapEnds(rows.db, [service], NOW)).of(service, userId))?.until
  }
  const heldFor = async (userId: string, of: { imagesPerHour?: number; imagesPerUserHour?: number }) => {
    const service = { ...SERVICE, ...of, reach: 'all' } as const
    return (await (await findCapEnds(rows.db, [service], NOW)).of(service, userId))?.beingMade
  }

  it('is open again when the oldest of too many is more than an hour old', async () => {
    const [first, second, third] = [NOW - 30 * MINUTE_MS, NOW - 20 * MINUTE_MS, NOW - 10 * MINUTE_MS]
    await stored('ann', first)
    await stored('bob', second)
    await stored('ann', third)
    expect(await endFor('bob', { imagesPerHour: 4 })).toBeUndefined()
    expect(await endFor('bob', { imagesPerHour: 3 })).toBe(first + HOUR_MS + 1)
    expect(await endFor('bob', { imagesPerHour: 2 })).toBe(second + HOUR_MS + 1)
    expect(await endFor('bob', { imagesPerUserHour: 2 })).toBeUndefined()
    expect(await endFor('bob', { imagesPerUserHour: 1 })).toBe(second + HOUR_MS + 1)
    expect(await endFor('ann', { imagesPerUserHour: 1 })).toBe(third + HOUR_MS + 1)
    // Both have to be over.
    expect(await endFor('ann', { imagesPerHour: 3, imagesPerUserHour: 1 })).toBe(third + HOUR_MS + 1)
  })

  it('says whether it is who asks that has had their share, and nobody else', async () => {
    await stored('ann', NOW - 1)
    const isOwnShare = async (userId: string, of: { imagesPerHour?: number; imagesPerUserHour?: number }) => {
      const service = { ...SERVICE, ...of }
      return (await (await findCapEnds(rows.db, [service], NOW)).of(service, userId))?.isOwnShare
    }
    expect(await isOwnShare('ann', { imagesPerUserHour: 1 })).toBe(true)
    expect(await isOwnShare('ann', { imagesPerHour: 2, imagesPerUserHour: 1 })).toBe(true)
    expect(await isOwnShare('ann', { imagesPerHour: 1, imagesPerUserHour: 1 })).toBeUndefined()
    expect(await isOwnShare('bob', { imagesPerHour: 1, imagesPerUserHour: 1 })).toBeUndefined()
  })

  it('tells which of its caps are reached, and when the first who waits for it may go on', async () => {
    const reached = async (of: { imagesPerHour?: number; imagesPerUserHour?: number }) => {
      const list = await listReached(rows.db, [{ ...SERVICE, ...of }], NOW)
      return Promise.all(list.map(async ({ findEnd, ...cap }) => ({ ...cap, end: await findEnd() })))
    }
    const [first, second] = [NOW - 30 * MINUTE_MS, NOW - 20 * MINUTE_MS]
    await stored('ann', first)
    await stored('bob', second)
    await stored('owner', NOW - 1)
    expect(await reached({})).toEqual([])
    expect(await reached({ imagesPerHour: 3, imagesPerUserHour: 2 })).toEqual([])
    expect(await reached({ imagesPerHour: 2, imagesPerUserHour: 1 })).toEqual([
      { serviceId: 'svc', cap: 'imagesPerHour', images: 2, end: first + HOUR_MS + 1 },
      { serviceId: 'svc', cap: 'imagesPerUserHour', images: 1, end: first + HOUR_MS + 1 }
    ])
    await runs('ann')
    expect(await reached({ imagesPerUserHour: 1 })).toMatchObject([{ end: second + HOUR_MS + 1 }])
    await runs('bob')
    expect(await reached({ imagesPerUserHour: 1 })).toMatchObject([{ end: undefined }])
  })

  it('is reached by what was made alone: what is being made holds a place, and gives it back if it fails', async () => {
    const caps = { imagesPerHour: 3, imagesPerUserHour: 2 }
    const told = async () => (await listReached(rows.db, [{ ...SERVICE, ...caps }], NOW)).map(({ cap }) => cap)
    const service = { ...SERVICE, ...caps }
    const has = async (userId: string) => isCapped(await cappedAs('all', caps), { userId, ownerId: 'owner' })
    await stored('ann', NOW - 2)
    await stored('bob', NOW - 1)
    await runs('ann')
    expect([await has('ann'), await has('bob')]).toEqual([true, true])
    expect(await told()).toEqual([])
    expect([await heldFor('ann', service), await heldFor('bob', service)]).toEqual([1, 1])
    await rows.db.updateTable('attempts').set({ state: 'failed', finished_at: NOW }).execute()
    expect([await has('ann'), await has('bob')]).toEqual([false, false])
    await stored('ann', NOW)
    expect(await told()).toEqual(['imagesPerHour', 'imagesPerUserHour'])
    expect([await heldFor('ann', service), await heldFor('bob', service)]).toEqual([undefined, undefined])
  })

  it('makes no room by what fails where another of its caps is reached by what was made', async () => {
    await stored('ann', NOW - 1)
    await runs('bob')
    expect(await heldFor('ann', { imagesPerHour: 2 })).toBe(1)
    expect(await heldFor('ann', { imagesPerHour: 2, imagesPerUserHour: 1 })).toBeUndefined()
  })

  it('is open again nobody knows when while what counts is still being made', async () => {
    await stored('ann', NOW - 1)
    await runs('ann')
    expect(await endFor('bob', { imagesPerHour: 2 })).toBe(NOW + HOUR_MS)
    expect(await endFor('bob', { imagesPerHour: 1 })).toBeUndefined()
    expect(await endFor('ann', { imagesPerHour: 2, imagesPerUserHour: 1 })).toBeUndefined()
  })
})
