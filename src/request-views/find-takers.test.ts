import { DAY_MS, HOUR_MS } from '../lib/durations.ts'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openRequestRows, type RequestRows } from '../../tests/support/request-rows.ts'
import { loadConfig } from '../config/config.ts'
import { createProviderStore } from '../providers/provider-store.ts'
import { findTakers } from './find-takers.ts'
import type { Wait } from './wait-of-held.ts'

const NOW = 10 * HOUR_MS

let rows: RequestRows
let images = 0
beforeEach(async () => {
  rows = await openRequestRows()
  for (const id of ['owner', 'ann', 'bob']) await rows.addUser(id, { email_verified: 1 })
  await addTask('wanted', 'ann')
})
afterEach(() => rows.close())

async function addTask(id: string, user_id: string, change: { routing?: 'only_own' } = {}) {
  await rows.addRequest(id, { user_id })
  await rows.addTask(id, { request_id: id, ...change })
}

async function connect(
  id: string,
  { provider = {}, service = {} }: { provider?: object; service?: object } = {}
): Promise<void> {
  await rows.addProvider(id, { owner_id: 'owner', online_until: NOW + 1, trust: 'trusted', ...provider })
  await rows.addService(id, { provider_id: id, models: ['m'], ...service })
}

/** An image that a service made for somebody so long ago. */
async function made(service_id: string, user_id: string, agoMs: number): Promise<void> {
  const request_id = `done ${++images}`
  await rows.db
    .insertInto('usage_images')
    .values({
      ...{ asset_id: request_id, request_id, user_id, api_key_id: '', service_id, provider_id: service_id, model: 'm' },
      ...{ kind: 'generation', width: 32, height: 32, generating_ms: 1, created_at: NOW - agoMs },
      ...{ first_of_request: 1 }
    })
    .execute()
}

const runs = async (service_id: string, user_id: string) => {
  const id = `running ${++images}`
  await rows.addRequest(id, { user_id, state: 'running' })
  await rows.addTask(id, { request_id: id })
  await rows.addAttempt(id, { task_id: id, request_id: id, service_id, provider_id: service_id, state: 'running' })
}

/** Its image has failed on a service, and may not go there again until then. */
async function failed(id: string, service_id: string, not_before: number): Promise<void> {
  const attempt = { task_id: id, request_id: id, service_id, provider_id: service_id, state: 'failed' as const }
  await rows.addAttempt(`on ${service_id}`, { ...attempt, reason: 'crashed' })
  await rows.db.updateTable('tasks').set({ node_faults: 1, not_before }).where('id', '=', id).execute()
}

const block = (provider_id: string, user_id = 'ann') =>
  rows.db.insertInto('provider_blocks').values({ provider_id, user_id, created_at: 0 }).execute()

const pause = (service_id: string, until: number, reason = 'busy') =>
  rows.db
    .insertInto('service_pauses')
    .values({ service_id, model: '', reason, since: 0, until, in_row: 1 })
    .onConflict((c) => c.columns(['service_id', 'model']).doUpdateSet({ reason, until }))
    .execute()

/** Who may take it, why nobody may, and apart from that when it is given up. */
async function lookAt(id = 'wanted', { openedAt = 0 } = {}) {
  const database = { ...rows.database, clock: { now: () => NOW }, openedAt }
  const { offering, limits } = loadConfig({})
  const providers = createProviderStore(database, offering)
  const tasks = await rows.db.selectFrom('tasks').selectAll().where('id', '=', id).execute()
  const { open, wait } = (await findTakers({ database, providers, limits }, { model: 'm', tasks })).get(id)!
  const { givesUpAt, ...told }: Partial<Wait> = wait ?? {}
  return { takers: { open: open.map(({ serviceId }) => serviceId), wait: wait && told }, givesUpAt }
}

const takersOf = async (id?: string) => (await lookAt(id)).takers

describe('when an image is given up', () => {
  const { noProviderTimeoutMs } = loadConfig({}).limits
  const queuedAt = (at: number) => rows.db.updateTable('tasks').set({ queued_at: at }).execute()

  it('is known where nobody could begin it, by when it began to wait', async () => {
    await queuedAt(NOW - 1000)
    expect((await lookAt()).givesUpAt).toBe(NOW - 1000 + noProviderTimeoutMs)
  })

  it('is later where the gateway has started since then, before which nobody could come', async () => {
    await queuedAt(NOW - 1000)
    expect((await lookAt('wanted', { openedAt: NOW - 400 })).givesUpAt).toBe(NOW - 400 + noProviderTimeoutMs)
  })

  it('is later where all that could are left alone since then, by the last of them', async () => {
    await queuedAt(NOW - 5000)
    for (const [id, since] of [
      ['a', NOW - 3000],
      ['b', NOW - 9000]
    ] as const) {
      await connect(id)
      await pause(id, NOW + 1000)
      await rows.db.updateTable('service_pauses').set({ since }).where('service_id', '=', id).execute()
    }
    expect((await lookAt()).givesUpAt).toBe(NOW - 3000 + noProviderTimeoutMs)
  })

  it('is never where one of them only lets others have no more for now, or may begin', async () => {
    await connect('paused')
    await pause('paused', NOW + 1000)
    await connect('capped', { service: { images_per_hour: 1 } })
    await made('capped', 'bob', 1000)
    expect((await lookAt()).takers.wait?.reason).toBe('paused')
    expect((await lookAt()).givesUpAt).toBeUndefined()
    await connect('open')
    expect((await lookAt()).givesUpAt).toBeUndefined()
  })
})

describe('who may make an image', () => {
  it('is everybody online who is not held back', async () => {
    await connect('a')
    await connect('b')
    await pause('b', NOW + 1000)
    expect(await takersOf()).toEqual({ open: ['a'], wait: undefined })
  })

  it('is, of what is capped, again somebody when enough of it is an hour old', async () => {
    await connect('a', { service: { images_per_hour: 2 } })
    await made('a', 'bob', 50 * 60_000)
    expect((await takersOf()).open).toEqual(['a'])
    await made('a', 'ann', 20 * 60_000)
    const until = NOW + 10 * 60_000 + 1
    expect(await takersOf()).toEqual({ open: [], wait: { reason: 'capped', until } })
    // One more than there may be: two have to be older.
    await made('a', 'bob', 10 * 60_000)
    expect((await takersOf()).wait?.until).toBe(NOW + 40 * 60_000 + 1)
    // Its owner has it all the same.
    await addTask("the owner's", 'owner')
    expect((await takersOf("the owner's")).open).toEqual(['a'])
  })

  it('is said per person as well, the later end of both', async () => {
    await connect('a', { service: { images_per_hour: 2, images_per_user_hour: 1 } })
    await made('a', 'ann', 30 * 60_000)
    // Others get some still, until they have had all that is let to all of them.
    expect((await takersOf()).wait).toEqual({ reason: 'capped', until: NOW + 30 * 60_000 + 1, isOwnShare: true })
    await addTask("bob's", 'bob')
    expect((await takersOf("bob's")).open).toEqual(['a'])
    await made('a', 'bob', 50 * 60_000)
    expect((await takersOf()).wait).toEqual({ reason: 'capped', until: NOW + 30 * 60_000 + 1 })
    expect((await takersOf("bob's")).wait).toEqual({ reason: 'capped', until: NOW + 10 * 60_000 + 1 })
  })

  it('is not told a time that depends on what is being made', async () => {
    await connect('a', { service: { images_per_hour: 1 } })
    await runs('a', 'bob')
    expect((await takersOf()).wait).toEqual({ reason: 'capped', beingMade: 1 })
    await runs('a', 'bob')
    expect((await takersOf()).wait).toEqual({ reason: 'capped', beingMade: 2 })
  })

  it('is told with what holds the last places and may fail yet, until all of it was made', async () => {
    await connect('a', { service: { images_per_hour: 3 } })
    for (let minute = 1; minute <= 2; minute++) await made('a', 'bob', minute * 60_000)
    await runs('a', 'bob')
    const until = NOW - 2 * 60_000 + HOUR_MS + 1
    expect(await takersOf()).toEqual({ open: [], wait: { reason: 'capped', until, beingMade: 1 } })
    await rows.db.updateTable('attempts').set({ state: 'failed' }).execute()
    expect((await takersOf()).open).toEqual(['a'])
    await made('a', 'bob', 0)
    expect((await takersOf()).wait).toEqual({ reason: 'capped', until })
  })

  it('is not a busy new provider for somebody who has had their own share of it', async () => {
    await connect('new', { provider: { trust: 'limited' }, service: { images_per_user_hour: 1 } })
    await made('new', 'ann', 1000)
    for (let i = 0; i < loadConfig({}).offering.newProviderAtOnce; i++) {
      await rows.addUser(`guest ${i}`)
      await runs('new', `guest ${i}`)
    }
    const until = NOW - 1000 + HOUR_MS + 1
    expect((await takersOf()).wait).toEqual({ reason: 'capped', until, isOwnShare: true })
    await addTask("bob's", 'bob')
    expect((await takersOf("bob's")).open).toEqual(['new'])
  })

  it('is a new provider that makes as many for others as it may at once, like any that is busy', async () => {
    const { newProviderAtOnce, newProviderPerHour } = loadConfig({}).offering
    await connect('new', { provider: { trust: 'limited' } })
    for (let i = 0; i < newProviderAtOnce; i++) await runs('new', 'bob')
    expect((await takersOf()).open).toEqual(['new'])
    for (let i = newProviderAtOnce; i < newProviderPerHour; i++) await made('new', 'bob', 1000)
    const until = NOW - 1000 + HOUR_MS + 1
    expect(await takersOf()).toEqual({
      open: [],
      wait: { reason: 'new_here', until, beingMade: newProviderAtOnce }
    })
    await made('new', 'ann', 500)
    expect((await takersOf()).wait?.until).toBe(until)
    for (let i = 1; i < newProviderPerHour; i++) await runs('new', 'bob')
    expect((await takersOf()).wait).toMatchObject({ reason: 'new_here', beingMade: expect.any(Number) })
  })

  it('is of a new provider told by the limit that ends later, its owner’s or the club’s', async () => {
    const { newProviderPerHour } = loadConfig({}).offering
    await connect('new', { provider: { trust: 'limited' }, service: { images_per_user_hour: 1 } })
    await made('new', 'ann', 20 * 60_000)
    const own = { reason: 'capped', until: NOW + 40 * 60_000 + 1 }
    expect((await takersOf()).wait).toEqual({ ...own, isOwnShare: true })
    for (let i = 1; i < newProviderPerHour; i++) await made('new', 'bob', 30 * 60_000)
    expect((await takersOf()).wait).toEqual({ ...own, also: 'new_here' })
    await rows.addUser('cy')
    await addTask("cy's", 'cy')
    const club = { reason: 'new_here', until: NOW + 30 * 60_000 + 1 }
    expect((await takersOf("cy's")).wait).toEqual(club)
    // Theirs ends before the club's.
    await made('new', 'cy', 50 * 60_000)
    expect((await takersOf("cy's")).wait).toEqual({ ...club, also: 'capped' })
    await addTask("the owner's", 'owner')
    expect((await takersOf("the owner's")).open).toEqual(['new'])
  })

  it('is told by what ends last of all that keeps it from a machine: a limit, its image server, the next try', async () => {
    await connect('a', { service: { images_per_hour: 1 } })
    await made('a', 'bob', 30 * 60_000)
    const until = NOW + 30 * 60_000 + 1
    for (const [reason, also] of [
      ['busy', 'paused'],
      ['hung', 'unusable'],
      ['model_missing', 'missing']
    ] as const) {
      await pause('a', NOW + 8000, reason)
      expect((await takersOf()).wait).toEqual({ reason: 'capped', until, also })
      await pause('a', until + 8000, reason)
      expect((await takersOf()).wait).toEqual({ reason: also, until: until + 8000, also: 'capped' })
    }
    await pause('a', 2 ** 52, 'unreachable')
    expect((await takersOf()).wait).toEqual({ reason: 'unusable', also: 'capped' })
    await addTask("the owner's", 'owner')
    expect((await takersOf("the owner's")).wait).toEqual({ reason: 'unusable' })
    await pause('a', NOW + 8000)
    expect((await takersOf("the owner's")).wait).toEqual({ reason: 'paused', until: NOW + 8000 })

    await failed('wanted', 'a', until + 1000)
    expect((await takersOf()).wait).toEqual({ reason: 'retry', until: until + 1000, also: 'capped' })
    await rows.db
      .updateTable('tasks')
      .set({ not_before: NOW + 1000 })
      .execute()
    expect((await takersOf()).wait).toEqual({ reason: 'capped', until, also: 'paused' })
  })

  it('is told of a busy new machine by the club’s limit, and by its image server before what is being made there', async () => {
    const { newProviderPerHour } = loadConfig({}).offering
    await connect('new', { provider: { trust: 'limited' } })
    for (let i = 1; i < newProviderPerHour; i++) await made('new', 'bob', 30 * 60_000)
    await runs('new', 'bob')
    const until = NOW + 30 * 60_000 + 1
    await pause('new', NOW + 8000)
    expect((await takersOf()).wait).toEqual({ reason: 'new_here', until, beingMade: 1, also: 'paused' })
    await pause('new', until + 1)
    expect((await takersOf()).wait).toEqual({ reason: 'paused', until: until + 1, also: 'new_here' })
  })

  it('is not kept by a limit from a machine that holds it ready', async () => {
    await connect('a', { service: { images_per_hour: 1 } })
    await made('a', 'bob', 30 * 60_000)
    await rows.addAttempt('held', {
      ...{ task_id: 'wanted', request_id: 'wanted', service_id: 'a', provider_id: 'a', state: 'standby' }
    })
    await rows.db.updateTable('tasks').set({ held: 1, current_attempt_id: 'held' }).execute()
    expect((await takersOf()).open).toEqual(['a'])
    await pause('a', NOW + 8000)
    expect((await takersOf()).wait).toEqual({ reason: 'paused', until: NOW + 8000 })
  })

  it('waits for a limit of one machine rather than for an image server that cannot be used, also behind a limit', async () => {
    await connect('a', { service: { images_per_hour: 1 } })
    await made('a', 'bob', 30 * 60_000)
    await pause('a', NOW + 8000, 'unreachable')
    await connect('b', { service: { images_per_hour: 1 } })
    await made('b', 'bob', 20 * 60_000)
    expect((await takersOf()).wait).toEqual({ reason: 'capped', until: NOW + 40 * 60_000 + 1 })
    // It may be back at any time, and has no limit before it.
    await rows.db.updateTable('services').set({ images_per_hour: null }).where('id', '=', 'b').execute()
    await pause('b', 2 ** 52, 'unreachable')
    expect((await takersOf()).wait).toEqual({ reason: 'unusable' })
  })

  it('waits for what ends first', async () => {
    await connect('capped', { service: { images_per_hour: 1 } })
    await made('capped', 'bob', 30 * 60_000)
    await connect('paused')
    await pause('paused', NOW + 5000)
    expect((await takersOf()).wait).toEqual({ reason: 'paused', until: NOW + 5000 })
    await rows.db
      .updateTable('service_pauses')
      .set({ until: NOW + HOUR_MS })
      .execute()
    expect((await takersOf()).wait).toEqual({ reason: 'capped', until: NOW + 30 * 60_000 + 1 })
  })

  it('waits for the next try where it has just failed, unless there is another', async () => {
    await connect('a')
    await failed('wanted', 'a', NOW + 1000)
    expect(await takersOf()).toEqual({ open: [], wait: { reason: 'retry', until: NOW + 1000 } })
    await connect('b')
    expect(await takersOf()).toEqual({ open: ['b'], wait: undefined })
    await pause('b', NOW + 60_000)
    expect((await takersOf()).wait?.reason).toBe('retry')
    await failed('wanted', 'b', NOW)
    expect((await takersOf()).open).toEqual(['a'])
  })

  it.each([
    ['drained', { drained_at: 1 }],
    ['drained', { drained_at: 1, online_until: NOW + DAY_MS }],
    ['away', { online_until: NOW - DAY_MS }],
    ['away', { online_until: NOW - DAY_MS, drained_at: 1 }],
    ['approval', { trust: 'pending' }],
    ['away', { online_until: NOW - 8 * DAY_MS }]
  ])('is nobody: %s with %j', async (reason, provider) => {
    await connect('a', { provider })
    expect(await takersOf()).toEqual({ open: [], wait: { reason } })
  })

  it.each([
    ['listed for others', 'not_served', { service: { access: '["bob@example.org"]' } }],
    ['new, and listed for others', 'not_served', { service: { access: '[]' }, provider: { trust: 'limited' } }],
    ['for its owner alone', 'away', { service: { access: '"private"' } }],
    ['offline for longer than it is known', 'away', { provider: { online_until: NOW - 8 * DAY_MS } }]
  ])('is nobody where the machine does not serve who asked: %s', async (_what, reason, options) => {
    await connect('a', options)
    await block('a')
    expect(await takersOf()).toEqual({ open: [], wait: { reason } })
  })

  it('is somebody who is away rather than nobody, where another does not serve who asked', async () => {
    await connect('a')
    await block('a')
    expect((await takersOf()).wait).toEqual({ reason: 'not_served' })
    await addTask('own', 'ann', { routing: 'only_own' })
    expect((await takersOf('own')).wait).toEqual({ reason: 'away' })
    await connect('b', { provider: { online_until: NOW - DAY_MS } })
    expect((await takersOf()).wait).toEqual({ reason: 'away' })
  })

  it('is nobody else when it is to be one of their own', async () => {
    await connect('a')
    await addTask('own', 'ann', { routing: 'only_own' })
    expect(await takersOf('own')).toEqual({ open: [], wait: { reason: 'away' } })
  })
})
