import { DAY_MS, HOUR_MS, MINUTE_MS } from '../lib/durations.ts'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openRequestRows, type RequestRows } from '../../tests/support/request-rows.ts'
import { loadConfig } from '../config/config.ts'
import { createLocalBell } from '../db/bell.ts'
import type { AppError } from '../lib/errors.ts'
import { createProviderStore } from '../providers/provider-store.ts'
import { createNetwork, type Network, TRUST_DECISIONS } from './network.ts'

const START = Date.UTC(2026, 10, 20, 12, 30)

const OWNER = { userId: 'usr_owner', role: 'member' as const, email: 'owner@example.org', emailVerified: true }
const OTHER = { userId: 'usr_other', role: 'member' as const, email: 'other@example.org', emailVerified: true }
const ADMIN = { userId: 'usr_admin', role: 'admin' as const, email: 'admin@example.org', emailVerified: true }

let rows: RequestRows
let network: Network
let now: number
let rung: string[]
let made = 0

beforeEach(async () => {
  rows = await openRequestRows()
  now = START
  rung = []
  const bell = createLocalBell()
  bell.on('tasks', () => rung.push('tasks'))
  const config = loadConfig({})
  network = createNetwork({ db: rows.db, clock: { now: () => now }, bell }, config.offering, config.limits)
  for (const { userId, role } of [OWNER, OTHER, ADMIN]) await rows.addUser(userId, { role, name: `Name of ${userId}` })
})
afterEach(() => rows.close())

/** A provider of the owner that is online, with one service. */
async function addRig(
  id: string,
  change: { access?: unknown; online?: boolean; models?: string[] } = {}
): Promise<void> {
  const { access = 'members', online = true, models = ['m'] } = change
  const seen = { connected_at: now - 1000, last_seen_at: now, online_until: online ? now + DAY_MS : now }
  await rows.addProvider(id, { owner_id: OWNER.userId, ...seen })
  await rows.addService(`svc_${id}`, { provider_id: id, name: 'images', access: JSON.stringify(access), models })
}

/** An attempt that ended so long ago. */
async function addAttempt(
  provider: string,
  {
    reason,
    message = `It said ${reason}.`,
    ago = 0,
    user = OTHER.userId
  }: { reason?: string | null; message?: string; ago?: number; user?: string }
): Promise<string> {
  const request = `req_${made++}`
  await rows.addRequest(request, { user_id: user })
  await rows.addTask(`tsk_${request}`, { request_id: request })
  await rows.addAttempt(`att_${request}`, {
    task_id: `tsk_${request}`,
    request_id: request,
    provider_id: provider,
    service_id: `svc_${provider}`,
    state: reason === undefined ? 'running' : reason === null ? 'succeeded' : 'failed',
    reason: reason ?? null,
    reason_message: reason ? message : null,
    finished_at: now - ago
  })
  return request
}

async function addImage(provider: string, { ago = 0, ms = 1000, user = OTHER.userId } = {}): Promise<void> {
  const id = `ast_${made++}`
  await rows.db
    .insertInto('usage_images')
    .values({
      asset_id: id,
      request_id: id,
      user_id: user,
      api_key_id: 'key',
      provider_id: provider,
      service_id: `svc_${provider}`,
      kind: 'generation',
      model: 'm',
      width: 1000,
      height: 1000,
      generating_ms: ms,
      created_at: now - ago
    })
    .execute()
}

const namesFor = async (reader: Parameters<Network['list']>[0]) =>
  (await network.list(reader)).providers.map(({ provider }) => provider.id)

const codeOf = async (work: Promise<unknown>): Promise<string> => {
  const error = (await work.then(
    () => undefined,
    (thrown: unknown) => thrown
  )) as AppError | undefined
  return error?.code ?? 'none'
}

describe('the list', () => {
  it('has those online first, each group by name', async () => {
    await addRig('d')
    await addRig('a', { online: false })
    await addRig('c')
    await addRig('b', { online: false })
    expect(await namesFor(OTHER)).toEqual(['c', 'd', 'a', 'b'])
  })

  it('leaves out what its owner keeps private, but for the owner and admins', async () => {
    await addRig('private', { access: 'private' })
    await addRig('listed', { access: ['friend@example.org'] })
    await addRig('mixed', { access: 'private' })
    await rows.addService('svc_open', { provider_id: 'mixed', name: 'open' })
    expect(await namesFor(OTHER)).toEqual(['listed', 'mixed'])
    expect(await namesFor(OWNER)).toEqual(['listed', 'mixed', 'private'])
    expect(await namesFor(ADMIN)).toEqual(['listed', 'mixed', 'private'])
    expect(await codeOf(network.view(OTHER, 'private'))).toBe('not_found')
    expect(await codeOf(network.drain(OTHER, 'private'))).toBe('not_found')
  })

  it('counts what ended within a day, by whose fault, and the median time of what was made', async () => {
    await addRig('rig')
    for (const ms of [1000, 9000, 2000]) await addImage('rig', { ms, ago: HOUR_MS })
    await addImage('rig', { ms: 50_000, ago: DAY_MS + 1 })
    for (const reason of [
      'timeout',
      'crashed',
      'unreachable',
      'busy',
      'model_missing',
      'content_rejected',
      'bad_request',
      'agent_lost',
      'canceled'
    ]) {
      await addAttempt('rig', { reason, ago: HOUR_MS })
    }
    // Broken off, and lost once it has failed: not while it waits to be made, as that above, nor where it was made after all.
    for (const state of ['succeeded', 'canceled', 'failed'] as const) {
      const id = await addAttempt('rig', { reason: 'crashed', ago: HOUR_MS })
      await rows.db.updateTable('tasks').set({ state }).where('request_id', '=', id).execute()
    }
    await addAttempt('rig', { reason: 'timeout', ago: DAY_MS + 1 })
    await addAttempt('rig', {})
    const { providers, imagesToday, waiting } = await network.list(OTHER)
    expect(providers).toMatchObject([
      {
        images: 4,
        imagesToday: 3,
        services: [{ succeeded: 3, failed: 2, secondsPerMegapixel: 2, running: 1, isCooling: false }]
      }
    ])
    expect({ imagesToday, waiting }).toEqual({ imagesToday: 3, waiting: 9 + 2 })
  })

  it('counts nothing anew within ten seconds, but tells at once who is there and drained', async () => {
    await addRig('rig')
    expect((await network.list(OTHER)).imagesToday).toBe(0)
    await addImage('rig')
    await network.drain(OWNER, 'rig')
    await addRig('second')
    now += 9_999
    const same = await network.list(OTHER)
    expect(same.imagesToday).toBe(0)
    expect(same.providers.map(({ provider }) => provider.drained_at)).toEqual([START, null])
    now += 1
    expect((await network.list(OTHER)).imagesToday).toBe(1)
  })
})

it('the page of a provider counts what its chart shows, however lately it was made', async () => {
  await addRig('rig')
  await addRig('other')
  await network.view(OWNER, 'rig')
  await addImage('rig')
  await addImage('rig', { ago: 2 * DAY_MS })
  await addImage('other')
  const { images, imagesToday, pace } = await network.view(OTHER, 'rig')
  expect({ images, imagesToday }).toEqual({ images: 2, imagesToday: 1 })
  expect(pace.reduce((sum, hour) => sum + hour.images, 0)).toBe(2)
})

describe('a service that cools down', () => {
  const cool = (until: number) =>
    rows.db
      .updateTable('services')
      .set({ faults_in_row: 5, cooling_until: until })
      .where('id', '=', 'svc_rig')
      .execute()
  const coolingFor = async (reader: Parameters<Network['list']>[0]) =>
    (await network.list(reader)).providers[0]?.services[0]

  it('says why to its owner and to admins alone', async () => {
    await addRig('rig')
    await addAttempt('rig', { reason: 'out_of_memory', ago: 2 * MINUTE_MS })
    await addAttempt('rig', { reason: 'crashed', ago: MINUTE_MS })
    // Nothing of this counts against it.
    for (const reason of ['busy', 'unreachable', 'content_rejected'] as const)
      await addAttempt('rig', { reason, ago: 0 })
    await cool(now + MINUTE_MS)
    for (const reader of [OWNER, ADMIN]) {
      expect(await coolingFor(reader)).toMatchObject({
        isCooling: true,
        lastFault: { reason: 'crashed', message: 'It said crashed.' }
      })
    }
    expect(await coolingFor(OTHER)).toMatchObject({ isCooling: true })
    expect(await coolingFor(OTHER)).not.toHaveProperty('lastFault')
  })

  it('does so no more when its time is over', async () => {
    await addRig('rig')
    await addAttempt('rig', { reason: 'crashed' })
    await cool(now)
    expect(await coolingFor(OWNER)).toMatchObject({ isCooling: false })
    expect(await coolingFor(OWNER)).not.toHaveProperty('lastFault')
  })
})

describe('whether a provider serves others', () => {
  const trustOf = async (reader: typeof OWNER | typeof ADMIN = ADMIN) => (await network.view(reader, 'rig')).standing

  it('is decided by admins alone, and says who and when', async () => {
    await addRig('rig')
    await rows.db.updateTable('providers').set({ trust: 'pending' }).execute()
    expect(await network.countPending()).toBe(1)
    for (const word of TRUST_DECISIONS) {
      expect(await codeOf(network.decide(OWNER, 'rig', word))).toBe('permission_denied')
      expect(await codeOf(network.decide(ADMIN, 'nothing', word))).toBe('not_found')
    }
    expect(await codeOf(network.decide(ADMIN, 'rig', 'letBack'))).toBe('conflict')
    await network.decide(ADMIN, 'rig', 'approve')
    expect(await trustOf(OWNER)).toBe('limited')
    expect((await network.view(ADMIN, 'rig')).provider).toMatchObject({
      trust_by: ADMIN.userId,
      trust_by_name: 'Name of usr_admin',
      trust_since: now
    })
    expect(await network.countPending()).toBe(0)
    await network.decide(ADMIN, 'rig', 'approve')
    expect(await trustOf()).toBe('trusted')
    expect(await codeOf(network.decide(ADMIN, 'rig', 'approve'))).toBe('conflict')
    await network.decide(ADMIN, 'rig', 'shutOut')
    expect(await trustOf()).toBe('blocked')
    await network.decide(ADMIN, 'rig', 'letBack')
    expect(await trustOf()).toBe('limited')
    expect(rung).toHaveLength(4)
  })

  it('is nothing to wait for where its owner keeps it private', async () => {
    await addRig('rig', { access: 'private' })
    await rows.db.updateTable('providers').set({ trust: 'pending' }).execute()
    expect(await network.countPending()).toBe(0)
  })
})

describe('a provider', () => {
  it('tells its owner and admins who used it, who is blocked, and its faults, newest first', async () => {
    await addRig('rig')
    await addImage('rig', { ago: 40 * DAY_MS })
    await addImage('rig', { ago: 3 * DAY_MS })
    await addImage('rig', { ago: HOUR_MS })
    const first = await addAttempt('rig', { reason: 'timeout', ago: 6 * DAY_MS })
    await addAttempt('rig', { reason: 'timeout', ago: 8 * DAY_MS })
    const last = await addAttempt('rig', { reason: 'crashed', ago: MINUTE_MS, user: OWNER.userId })
    await addAttempt('rig', { reason: 'content_rejected' })
    await network.block(OWNER, { providerId: 'rig', userId: OTHER.userId })
    for (const reader of [OWNER, ADMIN]) {
      const detail = await network.view(reader, 'rig')
      expect(detail.usedBy).toEqual([{ id: OTHER.userId, name: 'Name of usr_other', images: 2, lastAt: now - HOUR_MS }])
      expect(detail.blocked).toEqual([{ id: OTHER.userId, name: 'Name of usr_other', at: now }])
      expect(detail.faults.map(({ times, latest }) => [times, latest.map(({ requestId }) => requestId)])).toEqual([
        [1, [last]],
        [1, [first]]
      ])
      expect(detail.faults.map(({ latest }) => [latest[0]?.reason, latest[0]?.userId])).toEqual([
        ['crashed', OWNER.userId],
        ['timeout', OTHER.userId]
      ])
    }
    const everybody = await network.view(OTHER, 'rig')
    expect(everybody).toMatchObject({ usedBy: [], blocked: [], faults: [] })
    expect(everybody.pace.map(({ at, images }) => [at, images])).toEqual([
      [Date.UTC(2026, 10, 17, 12), 1],
      [Date.UTC(2026, 10, 20, 11), 1]
    ])
  })

  it('tells the same fault once, with how often it was, and the newest ten', async () => {
    await addRig('rig')
    for (let i = 0; i < 30; i++) await addAttempt('rig', { reason: i % 3 === 0 ? 'busy' : 'crashed', ago: i * 1000 })
    const { faults } = await network.view(OWNER, 'rig')
    expect(faults.map(({ times, latest }) => [latest[0]?.reason, times])).toEqual([
      ['busy', 10],
      ['crashed', 20]
    ])
    const seconds = faults.map(({ latest }) => latest.map(({ at }) => (now - at) / 1000))
    expect(seconds).toEqual([
      [0, 3, 6, 9, 12, 15, 18, 21, 24, 27],
      [1, 2, 4, 5, 7, 8, 10, 11, 13, 14]
    ])
  })

  it('tells at most twenty faults that differ, the newest of them', async () => {
    await addRig('rig')
    for (let i = 0; i < 21; i++) await addAttempt('rig', { reason: 'crashed', ago: i * 1000, message: `fault ${i}` })
    const { faults } = await network.view(OWNER, 'rig')
    expect(faults.map(({ latest }) => latest[0]?.message)).toEqual(Array.from({ length: 20 }, (_, i) => `fault ${i}`))
  })

  it('is changed by its owner and admins alone', async () => {
    await addRig('rig', { online: false })
    const block = { providerId: 'rig', userId: ADMIN.userId }
    const changes: ((reader: typeof OWNER) => Promise<void>)[] = [
      (reader) => network.drain(reader, 'rig'),
      (reader) => network.resume(reader, 'rig'),
      (reader) => network.block(reader, block),
      (reader) => network.unblock(reader, block),
      (reader) => network.forget(reader, 'rig')
    ]
    for (const change of changes) expect(await codeOf(change(OTHER))).toBe('permission_denied')
    for (const change of changes) expect(await codeOf(change(OWNER))).toBe('none')
    expect(await codeOf(network.drain(OWNER, 'rig'))).toBe('not_found')
  })

  it('is drained since the first time it was told so, and wakes the dispatcher when it goes on', async () => {
    await addRig('rig')
    await network.drain(OWNER, 'rig')
    now += 5
    await network.drain(ADMIN, 'rig')
    expect((await network.view(OTHER, 'rig')).provider.drained_at).toBe(START)
    expect(rung).toEqual([])
    await network.resume(OWNER, 'rig')
    expect(rung).toEqual(['tasks'])
    expect((await network.view(OTHER, 'rig')).provider.drained_at).toBeNull()
  })

  it('blocks somebody once, nobody unknown, and never its owner', async () => {
    await addRig('rig')
    await network.block(OWNER, { providerId: 'rig', userId: OTHER.userId })
    now += 5
    await network.block(OWNER, { providerId: 'rig', userId: OTHER.userId })
    expect((await network.view(OWNER, 'rig')).blocked.map(({ at }) => at)).toEqual([START])
    expect(await codeOf(network.block(OWNER, { providerId: 'rig', userId: 'usr_nobody' }))).toBe('not_found')
    for (const reader of [OWNER, ADMIN]) {
      expect(await codeOf(network.block(reader, { providerId: 'rig', userId: OWNER.userId }))).toBe('invalid_request')
    }
    await network.unblock(OWNER, { providerId: 'rig', userId: OTHER.userId })
    expect((await network.view(OWNER, 'rig')).blocked).toEqual([])
    expect(rung).toEqual(['tasks'])
  })

  it('is forgotten only offline, and comes back when its agent connects, drained and blocking as before', async () => {
    await addRig('rig')
    expect(await codeOf(network.forget(OWNER, 'rig'))).toBe('conflict')
    await network.drain(OWNER, 'rig')
    await network.block(OWNER, { providerId: 'rig', userId: OTHER.userId })
    await addImage('rig')
    now += 2 * DAY_MS
    await network.forget(OWNER, 'rig')
    expect(await namesFor(ADMIN)).toEqual([])
    expect(await codeOf(network.view(ADMIN, 'rig'))).toBe('not_found')
    // What it made still says who made it.
    const providers = createProviderStore(
      { db: rows.db, bell: createLocalBell(), clock: { now: () => now } },
      loadConfig({}).offering
    )
    expect((await providers.listProviders()).map(({ id }) => id)).toEqual(['rig'])

    const service = {
      name: 'images',
      type: 'image',
      concurrency: 1,
      timeoutMs: 1,
      access: 'members' as const,
      models: []
    }
    const connection = {
      ownerId: OWNER.userId,
      keyId: 'key',
      name: 'rig',
      agentVersion: '1',
      services: [service]
    }
    await rows.db
      .transaction()
      .execute((trx) => providers.connect(trx, { ...connection, onlineUntil: now + MINUTE_MS }))
    expect(await network.view(OWNER, 'rig')).toMatchObject({
      isOnline: true,
      images: 1,
      provider: { drained_at: START },
      blocked: [{ id: OTHER.userId }]
    })
  })
})
