import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { describe, expect, it } from 'vitest'
import { arrangeProbes, gone, GOOD } from '../../tests/support/arrange-probes.ts'
import { waitFor } from '../../tests/support/wait-for.ts'
import { type Engine, EngineError } from '../engines/engine.ts'
import type { Inventory } from '../engines/inventory.ts'

describe('an image server', () => {
  it('that answers is asked once', async () => {
    let asked = 0
    const { told, probes } = arrangeProbes({ a: async () => (asked++, GOOD), chat: undefined })
    await waitFor(() => told.length === 1)
    expect(told).toEqual([{ service: 'a', state: 'ok', text: '' }])
    expect(probes.states()).toEqual(told)
    expect(asked).toBe(1)
  })

  it('that is gone is asked until it is back, and told of once each time', async () => {
    let asked = 0
    const { told, probes } = arrangeProbes({ a: () => (++asked < 4 ? gone() : Promise.resolve(GOOD)) })
    await waitFor(() => told.length === 2)
    expect(told).toEqual([
      { service: 'a', state: 'warning', text: 'It cannot be reached.', fault: 'unreachable' },
      { service: 'a', state: 'ok', text: '' }
    ])
    expect(asked).toBe(4)
    probes.check('a')
    await waitFor(() => asked === 5)
    probes.check('nobody')
  })

  it('that does nothing is looked at now and then, and its models that are loaded are told each time', async () => {
    const models = [
      { id: 'alias', servedAs: 'flux' },
      { id: 'other', servedAs: 'sdxl' },
      { id: 'same', servedAs: 'flux' }
    ]
    let loaded = ['dir/FLUX']
    let asked = 0
    let busy = false
    const describe = () => (asked++, Promise.resolve({ ...GOOD, loaded }))
    const there = { lookEveryMs: 5, takesConnections: () => Promise.resolve(true) }
    const { told, probes } = arrangeProbes(
      { a: describe },
      { models, url: 'http://gpu:1' },
      { ...there, isBusy: () => busy }
    )
    await waitFor(() => told.length >= 2)
    expect(told[1]).toEqual({ service: 'a', state: 'ok', text: '', loaded: ['alias', 'same'] })
    loaded = []
    await waitFor(() => probes.states()[0]?.loaded?.length === 0)
    busy = true
    const before = asked
    // Others are looked at meanwhile, but for what has no image server.
    const counts = { b: 0, c: 0 }
    const count = (one: 'b' | 'c') => () => (counts[one]++, Promise.resolve(GOOD))
    arrangeProbes({ b: count('b') }, { url: 'https://gpu.example.org' }, there)
    arrangeProbes({ c: count('c') }, {}, there)
    await waitFor(() => counts.b >= 4)
    expect(asked).toBeLessThanOrEqual(before + 1)
    expect(counts.c).toBe(1)
  })

  it('that tells once what it has loaded has it still, or what it has made since, for a gateway that is reached then', async () => {
    let looks = 0
    let isGone = false
    const describe = () =>
      isGone ? gone() : Promise.resolve({ ...GOOD, ...(looks++ === 0 && { loaded: ['f1'] }), summary: `look ${looks}` })
    const models = ['f1', 'f2'].map((file) => ({ id: `m-${file}`, servedAs: file, features: [] }))
    const engines = { a: describe, silent: () => Promise.resolve(GOOD) }
    const { probes, told } = arrangeProbes(engines, { models, url: 'https://gpu:1' }, { lookEveryMs: 5 })
    const loaded = () => probes.states().map(({ service, loaded: ids }) => [service, ids])
    await waitFor(() => looks >= 3)
    expect(loaded()).toEqual([
      ['a', ['m-f1']],
      ['silent', undefined]
    ])
    for (const name of ['a', 'silent', 'nobody']) for (const model of ['m-f2', 'other']) probes.noteMade(name, model)
    const before = looks
    await waitFor(() => looks >= before + 3)
    expect(loaded()).toEqual([
      ['a', ['m-f2']],
      ['silent', undefined]
    ])
    expect(told.length).toBe(2)
    isGone = true
    await waitFor(() => told.length === 3)
    expect(told[2]).not.toHaveProperty('loaded')
  })

  it('that is asked for a short list alone is looked at more often, and tells in time that it lets nobody in any more', async () => {
    const refused = () => Promise.reject(new EngineError('unreachable', 'It refused its API key.'))
    let answer = (models: string[]) => Promise.resolve({ ...GOOD, models })
    const times = { lookAtListEveryMs: 5 }
    const there = { times, takesConnections: () => Promise.resolve(true) }
    const at = (engine: string, url: string, models = ['flux']) =>
      arrangeProbes({ a: () => answer(models) }, { engine, url }, there)
    const [listed, ...others] = [
      at('openai', 'http://gpu:1'),
      at('comfyui', 'http://gpu:2'),
      at('openai', 'https://api.example.org'),
      // Whether it is there it is asked with a call that it refuses, and may write down.
      at('openai', 'http://gpu:3', [])
    ] as const
    await waitFor(() => [listed, ...others].every(({ told }) => told.length === 1))
    answer = refused
    await waitFor(() => listed.told.some(({ text }) => text === 'It refused its API key.'))
    expect(others.flatMap(({ told }) => told.map(({ state }) => state))).toEqual(['ok', 'ok', 'ok'])
  })

  it('whose list is not to be believed is a warning without a fault', async () => {
    const { told } = arrangeProbes({ a: gone }, { checkModels: false })
    await waitFor(() => told.length === 1)
    expect(told[0]).toEqual({ service: 'a', state: 'warning', text: 'It cannot be reached.' })
  })

  it('is told of shortly, and without what an unknown error says', async () => {
    const long = () => Promise.reject(new EngineError('crashed', 'x'.repeat(1000)))
    const { told } = arrangeProbes({ long, odd: () => Promise.reject(new Error('at 10.0.0.1')) })
    await waitFor(() => told.length === 2)
    expect(told.find(({ service }) => service === 'long')!.text).toHaveLength(300)
    expect(told.find(({ service }) => service === 'odd')!.text).not.toContain('10.0.0.1')
  })
})

it('an image server that is bad in one way and ends is told of again, though it was to be left alone for an hour', async () => {
  const HOUR_MS = 3_600_000
  const server = createServer((socket) => socket.on('error', () => undefined)).listen(0, '127.0.0.1')
  await once(server, 'listening')
  let answer: Engine['describe'] = () => Promise.reject(new EngineError('crashed', 'It has crashed.'))
  const { told } = arrangeProbes(
    { a: (signal) => answer(signal) },
    { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` },
    { times: { watchEveryMs: 5, firstPauseMs: HOUR_MS, longestPauseMs: HOUR_MS, longestSoonMs: HOUR_MS } }
  )
  await waitFor(() => told.length === 1)
  answer = gone
  server.close()
  await waitFor(() => told.length === 2)
  expect(told.map(({ text }) => text)).toEqual(['It has crashed.', 'It cannot be reached.'])
})

it('which models cannot be made is known when each image server has been asked, however it was found', async () => {
  const models = ['flux', 'sdxl'].map((id) => ({ id, servedAs: id }))
  const found = Promise.withResolvers<typeof GOOD>()
  const some = { ...GOOD, models: ['flux', 'other'] }
  const { probes, services } = arrangeProbes(
    { down: gone, some: () => Promise.resolve(some), late: () => found.promise, chat: undefined },
    { models },
    { times: { withinMs: 60_000 } }
  )
  const notMade = probes.notMade()
  expect(await Promise.race([notMade, waitFor(() => probes.states().length === 2)])).toBe(true)
  found.resolve(GOOD)
  const ofAll = new Map([
    ['down', ['flux', 'sdxl']],
    ['some', ['sdxl']],
    ['late', []]
  ])
  expect(await notMade).toEqual(ofAll)
  expect(await probes.notMade()).toEqual(ofAll)
  probes.start(new Map([['some', services.get('some')!]]))
  expect(await probes.notMade()).toEqual(new Map([['some', ['sdxl']]]))
  probes.start(new Map())
  expect(await probes.notMade()).toEqual(new Map())
})

it('an image server that is bad is asked at the pace that was said', async () => {
  let asked = 0
  const { told } = arrangeProbes(
    { a: () => (++asked < 30 ? gone() : Promise.resolve(GOOD)) },
    {},
    { times: { firstPauseMs: 1, longestSoonMs: 2, longestPauseMs: 60_000 } }
  )
  await waitFor(() => told.at(-1)?.state === 'ok')
  expect(asked).toBe(30)
})

it('an image server that is not there is asked for each service that has it, but for those that make an image', async () => {
  const here = { url: 'http://gpu:1' }
  let answer: Engine['describe'] = async () => GOOD
  const ask: Engine['describe'] = (signal) => answer(signal)
  const options = { isBusy: (service: string) => service === 'busy' }
  const { probes, told, services } = arrangeProbes({ a: ask, b: ask, busy: ask, elsewhere: ask }, here, options)
  const elsewhere = services.get('elsewhere')!
  services.set('elsewhere', { ...elsewhere, config: { ...elsewhere.config, url: 'http://gpu:2' } })
  await waitFor(() => told.length === 4)
  answer = () =>
    Promise.reject(
      new EngineError('unreachable', 'It cannot be reached.', {
        cause: Object.assign(new Error('no'), { code: 'ECONNREFUSED' })
      })
    )
  probes.check('a')
  await waitFor(() => told.length === 6)
  expect(told.slice(4).map(({ service, state }) => [service, state])).toEqual([
    ['a', 'warning'],
    ['b', 'warning']
  ])
})

it('a new configuration is asked anew, and the old one no more', async () => {
  let asked = 0
  const { probes, told, services } = arrangeProbes({ a: () => (asked++, gone()) })
  await waitFor(() => asked >= 2)
  probes.start(
    new Map([['b', { ...services.get('a')!, engine: { ...services.get('a')!.engine!, describe: async () => GOOD } }]])
  )
  await waitFor(() => told.some(({ service }) => service === 'b'))
  const before = asked
  await waitFor(() => probes.states().length === 1)
  expect(probes.states()).toEqual([{ service: 'b', state: 'ok', text: '' }])
  expect(asked).toBe(before)
})

describe('what lies on an image server', () => {
  it('is told at first, and again when it is something else', async () => {
    const memory = { free: 1e9, total: 9e9 }
    let inventory: Inventory = { models: [{ servedAs: 'x' }], loras: [], memory }
    let asked = 0
    const { probes, inventories } = arrangeProbes(
      { a: async () => (asked++, { ...GOOD, inventory }) },
      { name: 'a', models: [{ id: 'flux', servedAs: 'X' }] }
    )
    await waitFor(() => inventories.length === 1)
    expect(inventories[0]).toMatchObject({ service: 'a', models: [{ name: 'x', serves: ['flux'] }] })
    const again = async () => {
      const before = asked
      probes.check('a')
      await waitFor(() => asked > before)
    }
    // Memory comes and goes all the time.
    inventory = { ...inventory, memory: { ...memory, free: 7e9 } }
    await waitFor(() => again().then(() => asked > 2))
    expect(inventories).toHaveLength(1)
    inventory = { ...inventory, models: [] }
    await again()
    await waitFor(() => inventories.length === 2)
    expect(probes.inventories()).toEqual([inventories[1]])
    expect(inventories[1]?.memory?.free).toBeLessThanOrEqual(7e9)
  })
})
