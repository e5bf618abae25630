import { HOUR_MS } from '../lib/durations.ts'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openRequestRows, type RequestRows } from '../../tests/support/request-rows.ts'
import { loadConfig } from '../config/config.ts'
import type { Feature } from '../images/image-request.ts'
import { createProviderStore } from '../providers/provider-store.ts'
import { type ServiceTerms, termColumns } from '../providers/service-terms.ts'
import { type Openings, listOpenings } from './open-lanes.ts'
import type { ServiceSlots } from './slot-source.ts'

const NOW = 10 * HOUR_MS
const ROUTINGS = ['any', 'prefer_own', 'only_own'] as const
const OWN = ROUTINGS.map((routing) => `owner ${routing}`)

let rows: RequestRows
beforeEach(async () => {
  rows = await openRequestRows()
  for (const id of ['owner', 'ann', 'bob']) await rows.addUser(id, { email_verified: 1 })
})
afterEach(() => rows.close())

interface Setting extends Partial<ServiceSlots>, Partial<ServiceTerms> {
  paused_at?: number
  features?: Feature[]
  trust?: 'pending' | 'limited' | 'trusted'
  drained_at?: number
}

/** A provider of `owner` with one service, with a free place; both have the same name. */
async function connect(id: string, setting: Setting = {}): Promise<ServiceSlots> {
  const { features = ['generate', 'edit'], trust = 'trusted', drained_at = null, paused_at = null, ...more } = setting
  const { access = 'members', imagesPerHour, imagesPerUserHour, ...change } = more
  const terms = termColumns({
    access,
    ...(imagesPerHour !== undefined && { imagesPerHour }),
    ...(imagesPerUserHour !== undefined && { imagesPerUserHour })
  })
  await rows.addProvider(id, { owner_id: 'owner', online_until: NOW + 1, trust, drained_at })
  await rows.addService(id, { provider_id: id, paused_at, ...terms, models: ['m'] })
  await rows.db
    .updateTable('service_models')
    .set({ features: features.join(' ') })
    .where('service_id', '=', id)
    .execute()
  return {
    serviceId: id,
    providerId: id,
    epoch: 1,
    ownerId: 'owner',
    models: new Map([['m', features]]),
    free: 1,
    running: 0,
    assign: () => undefined,
    ...change
  }
}

async function add(id: string, change: Parameters<RequestRows['addTask']>[1] | { user_id: string }): Promise<void> {
  await rows.addRequest(id, { user_id: 'ann', ...('user_id' in change && { user_id: change.user_id ?? 'ann' }) })
  await rows.addTask(id, { request_id: id, ...change })
}

const openingsFor = (...connected: ServiceSlots[]): Promise<Openings> => {
  const database = { ...rows.database, clock: { now: () => NOW } }
  const providers = createProviderStore(database, loadConfig({}).offering)
  return listOpenings({ database, providers }, { connected, models: ['m'] })
}
const openFor = async (...connected: ServiceSlots[]) =>
  (await openingsFor(...connected)).lanes.map(({ id }) => id).toSorted()

describe('what a free service may take from', () => {
  it.each<[ServiceTerms['access'], string[]]>([
    ['members', ['ann any', 'ann prefer_own', 'bob any', ...OWN]],
    ['private', OWN],
    [[], OWN],
    [['nobody@example.org'], OWN],
    [['Bob@Example.org'], ['bob any', ...OWN]],
    [
      ['ann@example.org', 'owner@example.org'],
      ['ann any', 'ann prefer_own', ...OWN]
    ]
  ])('open to %j', async (access, expected) => {
    for (const routing of ROUTINGS) {
      await add(`ann ${routing}`, { user_id: 'ann', request_id: `ann ${routing}`, routing })
      await add(`owner ${routing}`, { user_id: 'owner', request_id: `owner ${routing}`, routing })
    }
    await add('bob any', { user_id: 'bob' })
    await add('bob only_own', { user_id: 'bob', request_id: 'bob only_own', routing: 'only_own' })
    expect(await openFor(await connect('a', { access }))).toEqual(expected.toSorted())
  })

  it('is what it can do', async () => {
    for (const needs of ['generate', 'edit', 'edit mask', 'variation']) await add(needs, { request_id: needs, needs })
    expect(await openFor(await connect('a'))).toEqual(['edit', 'generate', 'variation'])
    expect(await openFor(await connect('b', { features: ['variation'] }))).toEqual(['variation'])
    expect(await openFor(await connect('c', { features: [] }))).toEqual([])
    const both = await openingsFor(await connect('d', { features: ['edit', 'mask'] }), await connect('e'))
    const places = both.lanes.map(({ id, services }) => [id, services.map(({ serviceId }) => serviceId)])
    expect(Object.fromEntries(places)).toEqual({
      edit: ['d', 'e'],
      'edit mask': ['d'],
      variation: ['d', 'e'],
      generate: ['e']
    })
  })

  it('is nothing while it is drained or paused, though others go on', async () => {
    await add('one', { user_id: 'ann' })
    const drained = await connect('drained', { drained_at: 1 })
    const whole = await connect('whole')
    const single = await connect('single')
    const other = await connect('other')
    const pause = { reason: 'busy', since: 1, in_row: 1 }
    await rows.db
      .insertInto('service_pauses')
      .values([
        { ...pause, service_id: 'whole', model: '', until: NOW + 1 },
        { ...pause, service_id: 'single', model: 'm', until: NOW + 1 },
        { ...pause, service_id: 'single', model: '', until: NOW - 1 },
        { ...pause, service_id: 'other', model: 'n', until: NOW + 1 },
        { ...pause, service_id: 'other', model: 'm', until: NOW }
      ])
      .execute()
    for (const one of [drained, whole, single]) expect(await openFor(one)).toEqual([])
    expect(await openFor(other)).toEqual(['one'])
  })
})

describe('who has had their share of a service', () => {
  /** So many images that a service has delivered to somebody. */
  async function deliver(serviceId: string, userId: string, images: number, at = NOW - 1): Promise<void> {
    const same = { request_id: 'r', api_key_id: '', kind: 'generation', model: 'm', width: 1, height: 1 }
    for (let image = 0; image < images; image++) {
      const asset_id = `${serviceId} ${userId} ${at} ${image}`
      const of = { user_id: userId, service_id: serviceId, provider_id: serviceId }
      await rows.db
        .insertInto('usage_images')
        .values({ ...same, ...of, asset_id, generating_ms: 1, created_at: at })
        .execute()
    }
  }
  const run = async (serviceId: string, name: string, user_id: string, change = {}) => {
    await add(name, { user_id, request_id: name, state: 'running' })
    const at = { service_id: serviceId, provider_id: serviceId, state: 'running' as const }
    await rows.addAttempt(`${name} at ${serviceId}`, { task_id: name, request_id: name, ...at, ...change })
  }
  beforeEach(async () => {
    for (const id of ['owner', 'ann', 'bob']) await add(id, { user_id: id })
  })

  it('waits, each and all of them, but never its owner; what runs counts', async () => {
    const each = await connect('each', { imagesPerUserHour: 2 })
    const all = await connect('all', { imagesPerHour: 3 })
    const free = await connect('free')
    for (const id of ['each', 'all', 'free']) {
      await deliver(id, 'ann', 1)
      await deliver(id, 'owner', 5)
      await deliver(id, 'bob', 5, NOW - HOUR_MS - 1)
    }
    await run('each', 'running for ann', 'ann')
    await run('all', 'running for bob', 'bob')
    expect(await openFor(each)).toEqual(['bob', 'owner'])
    expect(await openFor(all)).toEqual(['ann', 'bob', 'owner'])
    await run('all', 'running more', 'ann')
    expect(await openFor(all)).toEqual(['owner'])
    expect(await openFor(free)).toEqual(['ann', 'bob', 'owner'])
    const { lanes } = await openingsFor(each, all, free)
    const places = lanes.map(({ id, services }) => [id, services.map(({ serviceId }) => serviceId)])
    expect(Object.fromEntries(places)).toEqual({ owner: ['all', 'each', 'free'], ann: ['free'], bob: ['each', 'free'] })
  })

  it('when it is new has few places for others, by the images that it made of theirs, not by those that failed', async () => {
    const fresh = await connect('new', { trust: 'limited', free: 9 })
    const leftOf = async () => (await openingsFor(fresh)).slots.get('new')?.forOthers
    expect(await leftOf()).toBe(2)
    await run('new', 'running', 'ann')
    await run('new', "the owner's", 'owner')
    expect(await leftOf()).toBe(1)
    const { newProviderPerHour } = loadConfig({}).offering
    await deliver('new', 'bob', newProviderPerHour - 2)
    await run('new', 'failed', 'ann', { state: 'failed', reason: 'crashed', finished_at: NOW - 1 })
    await run('new', 'failed before', 'ann', { state: 'failed', reason: 'crashed', finished_at: NOW - HOUR_MS - 1 })
    await run('new', 'canceled', 'ann', { state: 'canceled', reason: 'canceled', finished_at: NOW - 1 })
    expect(await leftOf()).toBe(1)
    await deliver('new', 'bob', 1, NOW - 2)
    expect(await leftOf()).toBe(0)
    expect(await openFor(fresh)).toEqual(['owner'])
    expect(await openFor(await connect('pending', { trust: 'pending' }))).toEqual(['owner'])
  })
})
