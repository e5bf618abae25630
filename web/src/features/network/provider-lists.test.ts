import { describe, expect, it } from 'vitest'
import type { ProviderInfo, ServiceInfo } from '../../../../src/http/dashboard/contract/network.ts'
import {
  canMake,
  isIdle,
  isLookedAt,
  tellMachines,
  matchesProvider,
  modelRows,
  slotsNow,
  slotsOf,
  sortProviders,
  successOf,
  unservedRows,
  waitingElsewhere
} from './provider-lists.ts'

const service = (part: Partial<ServiceInfo> = {}): ServiceInfo => ({
  id: 'svc_1',
  name: 'local',
  type: 'image',
  engine: 'openai',
  description: null,
  access: 'members',
  listed: null,
  imagesPerHour: null,
  imagesPerUserHour: null,
  bar: null,
  usedUp: null,
  usedThisHour: null,
  terms: null,
  isPaused: false,
  models: [{ id: 'flux', features: ['generate'], isLoaded: null, canMake: true }],
  spareModels: null,
  found: null,
  wanted: null,
  warms: null,
  concurrency: 2,
  running: 1,
  cooling: null,
  warning: null,
  succeeded: 9,
  failed: 1,
  secondsPerMegapixel: 3,
  ...part
})

/** Its model cannot be made. */
const unable = (model: { isLoaded?: boolean; isMissing?: true } = {}, part: Partial<ServiceInfo> = {}) =>
  service({ models: [{ id: 'flux', features: ['generate'], isLoaded: null, canMake: false, ...model }], ...part })

const provider = (name: string, part: Partial<ProviderInfo> = {}): ProviderInfo => ({
  id: `prv_${name}`,
  name,
  owner: { id: 'usr_1', name: 'Ada' },
  isMine: false,
  isOnline: true,
  onlineSince: 1,
  lastSeenAt: 1,
  agentVersion: null,
  keyEndedAt: null,
  drainedAt: null,
  trust: { state: 'trusted', since: null, isShared: true },
  services: [service()],
  images: 0,
  imagesToday: 0,
  ...part
})

describe('sortProviders', () => {
  it('puts mine first, even offline, then who is online', () => {
    const sorted = sortProviders([
      provider('off', { isOnline: false }),
      provider('rig-10'),
      provider('mine-off', { isMine: true, isOnline: false }),
      provider('rig-2'),
      provider('mine', { isMine: true })
    ])
    expect(sorted.map(({ name }) => name)).toEqual(['mine', 'mine-off', 'rig-2', 'rig-10', 'off'])
  })
})

describe('matchesProvider', () => {
  it('finds by name, owner and model, every word', () => {
    expect(matchesProvider(provider('home-rig'), 'ADA flux')).toBe(true)
    expect(matchesProvider(provider('home-rig'), 'ada sdxl')).toBe(false)
    expect(matchesProvider(provider('home-rig'), '')).toBe(true)
  })
})

describe('slotsOf', () => {
  it('counts image services alone', () => {
    expect(slotsOf([service(), service({ type: 'text', concurrency: 8 })])).toEqual({ used: 1, all: 2 })
  })
})

describe('successOf', () => {
  it('weighs services by their attempts', () => {
    expect(successOf([service(), service({ succeeded: 0, failed: 10 })])).toBe(0.45)
    expect(successOf([service({ succeeded: 0, failed: 0 })])).toBeNull()
  })
})

describe('modelRows', () => {
  it('gathers who serves a model, who is online first, and counts the slots that take work', () => {
    const rows = modelRows({
      providers: [
        provider('off', { isOnline: false, services: [unable({ isLoaded: true })] }),
        provider('on'),
        provider('dead', { services: [unable({ isLoaded: true })] }),
        provider('other', {
          services: [
            service({ models: [{ id: 'flux', features: ['edit'], isLoaded: true, canMake: true }] }),
            service({ models: [{ id: 'aura', features: [], isLoaded: null, canMake: true }] })
          ]
        })
      ]
    })
    expect(rows.map(({ id }) => id)).toEqual(['aura', 'flux'])
    const flux = rows[1]
    expect(flux?.providers.map(({ name }) => name)).toEqual(['other', 'on', 'dead', 'off'])
    expect(flux?.providers.map(({ isLoaded }) => isLoaded)).toEqual([true, false, true, true])
    expect(flux?.providers.map(({ canMake }) => canMake)).toEqual([true, true, false, false])
    expect(flux?.features).toEqual(['generate', 'edit'])
    expect(flux?.slots).toEqual({ used: 2, all: 4 })
  })

  const warning = { since: 0, text: null }
  const usedUp = { until: null }
  const pending = { ...provider('a').trust, state: 'pending' as const }
  const closed = { ...pending, state: 'closed' as const }
  it.each<[string, Partial<ProviderInfo>, string | null, slots: number]>([
    ['can', {}, null, 2],
    ['is away', { isOnline: false, services: [unable({}, { warning })] }, 'offline', 0],
    ['is paused', { drainedAt: 1, services: [unable({}, { warning })] }, 'paused', 0],
    ['has its service paused', { services: [unable({}, { isPaused: true })] }, 'paused', 0],
    ['has no server that can be used', { services: [unable({}, { warning })] }, 'image server needs attention', 0],
    ['has no server that has it', { services: [unable({ isMissing: true }, { warning })] }, 'image server lacks it', 0],
    ['cannot for another reason', { services: [unable()] }, 'cannot make it now', 0],
    ['has another service that can', { services: [unable({}, { warning }), service()] }, null, 2],
    ['has a service that can before', { services: [service(), unable({}, { warning })] }, null, 2],
    ['has nothing left for the reader', { services: [service({ usedUp })] }, 'limit per hour reached', 2],
    [
      'has made the reader’s share',
      { services: [service({ usedUp: { ...usedUp, isOwnShare: true } })] },
      'your limit per hour reached',
      2
    ],
    [
      'is new and has nothing left',
      { trust: { ...pending, state: 'limited', spent: usedUp } },
      'limit per hour reached',
      2
    ],
    ['has nothing left for others', { isMine: true, services: [service({ usedUp })] }, null, 2],
    ['is not let in', { trust: pending, services: [service({ bar: 'trust' })] }, 'waits for an admin', 0],
    ['is its owner’s alone', { services: [service({ bar: 'private' })] }, 'its owner’s alone', 0],
    ['does not serve the reader', { services: [service({ bar: 'reader' })] }, 'not for you', 0],
    [
      'would not serve the reader once it is let in',
      { trust: pending, services: [service({ bar: 'reader' })] },
      'not for you',
      0
    ],
    [
      'is new and for others',
      { trust: { ...pending, state: 'limited', spent: usedUp }, services: [service({ bar: 'reader' })] },
      'not for you',
      0
    ],
    ['is away and for others', { isOnline: false, services: [unable({}, { bar: 'reader' })] }, 'not for you', 0],
    ['has a service for the reader beside', { services: [service({ bar: 'private' }), service()] }, null, 2],
    ['is the reader’s and not let in', { isMine: true, trust: pending }, null, 2],
    ['may offer nothing', { trust: closed, services: [service({ bar: 'trust' })] }, 'may not serve others', 0]
  ])('says beside a machine that %s why it does not make it', (_what, change, why, slots) => {
    const [row] = modelRows({ providers: [provider('a', change)] })
    expect([row?.providers.map((one) => one.why), row?.slots.all]).toEqual([[why], slots])
  })
})

it('has a row of each model that images wait for and no machine has, and counts what waits for models of others', () => {
  const state = {
    providers: [provider('a')],
    waiting: 9,
    waitingFor: [
      { model: 'flux', images: 2 },
      { model: 'sdxl-10', images: 3 },
      { model: 'sdxl-2', images: 1 }
    ]
  }
  expect(unservedRows(state, '').map(({ id }) => id)).toEqual(['sdxl-2', 'sdxl-10'])
  expect(unservedRows(state, 'XL 10').map(({ id }) => id)).toEqual(['sdxl-10'])
  expect(waitingElsewhere(state)).toBe(3)
  expect(waitingElsewhere({ ...state, waiting: 5 })).toBe(0)
})

it('counts apart the machines that are there and can make nothing', () => {
  const dead = provider('dead', { services: [unable()] })
  const half = provider('half', { services: [unable(), service()] })
  const none = provider('none', { services: [service({ models: [] })] })
  const off = provider('off', { isOnline: false, services: [unable()] })
  const chat = provider('chat', { services: [service({ type: 'text', models: unable().models })] })
  expect([dead, half, none, off, chat].map(canMake)).toEqual([false, true, false, false, false])
  expect([dead, half, none, off, chat].map(isIdle)).toEqual([true, false, true, false, false])
  const looked = unable().models.map((model) => ({ ...model, isAwaited: true as const }))
  const fresh = provider('fresh', { services: [service({ models: looked })] })
  expect([isIdle(fresh), canMake(fresh)]).toEqual([false, false])
  expect([fresh, dead, half].map(isLookedAt)).toEqual([true, false, false])
  expect(modelRows({ providers: [fresh] })[0]?.providers).toMatchObject([
    { canMake: false, why: 'looking at its image server…', isAwaited: true }
  ])
  expect(slotsNow([dead, half])).toBe(2)
  expect(tellMachines([dead, half])).toEqual({ value: 1, detail: 'ready, 1 not ready' })
  expect(tellMachines([dead])).toEqual({ value: 0, detail: 'ready, 1 not ready' })
  expect(tellMachines([dead, half, off])).toEqual({ value: 1, detail: 'ready, 1 not ready, 1 offline' })
  // Until an admin lets it in it is ready for its owner alone.
  const barred = half.services.map((one) => ({ ...one, bar: 'trust' as const }))
  const pending = { ...half, services: barred }
  expect(tellMachines([pending])).toEqual({ value: 0, detail: 'ready, 1 not ready' })
  expect(slotsNow([half, pending])).toBe(slotsNow([half]))
  expect(tellMachines([{ ...half, isMine: true }])).toEqual({ value: 1, detail: 'online' })
  expect(tellMachines([half, off])).toEqual({ value: 1, detail: 'online, 1 offline' })
})
