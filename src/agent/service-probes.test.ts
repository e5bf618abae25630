import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { pino } from 'pino'
import { afterEach, describe, expect, it } from 'vitest'
import { waitFor } from '../../tests/support/wait-for.ts'
import { type Engine, EngineError } from '../engines/engine.ts'
import { toError } from '../lib/async.ts'
import type { Inventory } from '../engines/inventory.ts'
import { type Logger, silentLogger } from '../lib/logger.ts'
import type { ServiceInventory } from '../protocol/service-inventory.ts'
import type { AgentService } from './agent-services.ts'
import { nextPause, type ProbeTimes, USUAL_TIMES } from './probe-times.ts'
import { ServiceProbes, type ServiceState } from './service-probes.ts'

const GOOD = { models: [], summary: 'there' }
const gone = () => Promise.reject(new EngineError('unreachable', 'It cannot be reached.'))

const running: ServiceProbes[] = []
afterEach(() => running.splice(0).forEach((probes) => probes.close()))

/** Probes of services by name, each answering as told, and what they told. */
function arrange(
  engines: Record<string, Engine['describe'] | undefined>,
  config: object = {},
  {
    lookEveryMs = 60_000,
    isBusy = () => false,
    logger = silentLogger(),
    times,
    takesConnections
  }: {
    lookEveryMs?: number
    isBusy?: (service: string) => boolean
    logger?: Logger
    times?: Partial<ProbeTimes>
    takesConnections?: (url: string) => Promise<boolean>
  } = {}
) {
  const told: ServiceState[] = []
  const inventories: ServiceInventory[] = []
  const probes = new ServiceProbes({
    onState: (state) => told.push(state),
    onInventory: (inventory) => inventories.push(inventory),
    isBusy,
    logger,
    ...(takesConnections && { takesConnections }),
    times: { withinMs: 50, firstPauseMs: 5, longestPauseMs: 20, lookEveryMs, ...times }
  })
  running.push(probes)
  const services = new Map(
    Object.entries(engines).map(([name, describe]) => {
      const engine = describe && { name, describe, generate: () => Promise.reject(new Error('not asked for')) }
      return [name, { engine, config: { models: [], ...config } } as unknown as AgentService]
    })
  )
  probes.start(services)
  return { probes, told, inventories, services }
}

describe('an image server', () => {
  it('that answers is asked once', async () => {
    let asked = 0
    const { told, probes } = arrange({ a: async () => (asked++, GOOD), chat: undefined })
    await waitFor(() => told.length === 1)
    expect(told).toEqual([{ service: 'a', state: 'ok', text: '' }])
    expect(probes.states()).toEqual(told)
    expect(asked).toBe(1)
  })

  it('that is gone is asked until it is back, and told of once each time', async () => {
    let asked = 0
    const { told, probes } = arrange({ a: () => (++asked < 4 ? gone() : Promise.resolve(GOOD)) })
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
    const { told, probes } = arrange({ a: describe }, { models, url: 'http://gpu:1' }, { ...there, isBusy: () => busy })
    await waitFor(() => told.length >= 2)
    expect(told[1]).toEqual({ service: 'a', state: 'ok', text: '', loaded: ['alias', 'same'] })
    loaded = []
    await waitFor(() => probes.states()[0]?.loaded?.length === 0)
    busy = true
    const before = asked
    // Others are looked at meanwhile, but for what has no image server.
    const counts = { b: 0, c: 0 }
    const count = (one: 'b' | 'c') => () => (counts[one]++, Promise.resolve(GOOD))
    arrange({ b: count('b') }, { url: 'https://gpu.example.org' }, there)
    arrange({ c: count('c') }, {}, there)
    await waitFor(() => counts.b >= 4)
    expect(asked).toBeLessThanOrEqual(before + 1)
    expect(counts.c).toBe(1)
  })

  it('that is asked for a short list alone is looked at more often, and tells in time that it lets nobody in any more', async () => {
    const refused = () => Promise.reject(new EngineError('unreachable', 'It refused its API key.'))
    let answer = (models: string[]) => Promise.resolve({ ...GOOD, models })
    const times = { lookAtListEveryMs: 5 }
    const there = { times, takesConnections: () => Promise.resolve(true) }
    const at = (engine: string, url: string, models = ['flux']) =>
      arrange({ a: () => answer(models) }, { engine, url }, there)
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

  const unanswered: Engine['describe'] = (signal) =>
    new Promise((_, reject) => signal.addEventListener('abort', () => reject(toError(signal.reason))))
  const there = { takesConnections: () => Promise.resolve(true) }

  it('that has no time for a look without need is no news, and one that is gone is', async () => {
    let answer: Engine['describe'] = () => Promise.resolve({ ...GOOD, loaded: [] })
    let looks = 0
    let unanswering = 0
    const describe: Engine['describe'] = (signal, how) => {
      if (how?.isLook) looks += 1
      return answer(signal)
    }
    const times = { withinMs: 5, patientMs: 60_000 }
    const { told } = arrange({ a: describe }, { url: 'http://gpu:1' }, { ...there, lookEveryMs: 5, times })
    await waitFor(() => told.length >= 1)
    // Asked again with more time, it answers.
    answer = (signal) => (unanswering++ % 2 === 0 ? unanswered(signal) : Promise.resolve(GOOD))
    await waitFor(() => unanswering >= 4)
    expect(looks).toBeGreaterThanOrEqual(4)
    expect(told.every(({ state }) => state === 'ok')).toBe(true)
    answer = gone
    await waitFor(() => told.some(({ fault }) => fault === 'unreachable'))
  })

  it('that does not answer when there is a reason to ask is news, though it is just being looked at', async () => {
    let answer: Engine['describe'] = () => Promise.resolve({ ...GOOD, loaded: [] })
    let asked = 0
    const { probes, told } = arrange(
      { a: (signal) => (asked++, answer(signal)) },
      { url: 'http://gpu:1' },
      { ...there, lookEveryMs: 5 }
    )
    await waitFor(() => told.length >= 1)
    let hanging = false
    answer = (signal) => {
      hanging = true
      return new Promise((_, reject) => signal.addEventListener('abort', () => reject(toError(signal.reason))))
    }
    await waitFor(() => hanging)
    expect(told.at(-1)?.state).toBe('ok')
    const before = asked
    expect(probes.check('a')).toBe(true)
    expect(asked).toBe(before)
    await waitFor(() => told.at(-1)?.text === 'The image server does not answer in time.')
  })

  it.each(['http://gpu:1', 'https://gpu.example.org'])(
    'at %s that hangs while it does nothing is found',
    async (url) => {
      let answer: Engine['describe'] = async () => GOOD
      const times = { withinMs: 5, patientMs: 20 }
      const options = { ...there, lookEveryMs: 5, times }
      const { told } = arrange({ a: (signal) => answer(signal) }, { url }, options)
      await waitFor(() => told.length === 1)
      answer = unanswered
      await waitFor(() => told.length === 2)
      expect(told[1]).toEqual({
        service: 'a',
        state: 'warning',
        text: 'The image server takes connections and answers nothing.',
        fault: 'unreachable'
      })
      answer = async () => GOOD
      await waitFor(() => told.length === 3)
      expect(told[2]).toEqual({ service: 'a', state: 'ok', text: '' })
    }
  )

  it('that hangs from the start is a warning first, and given no work when it had time enough', async () => {
    const times = { withinMs: 5, patientMs: 20 }
    const { told } = arrange({ a: unanswered }, { url: 'http://gpu:1' }, { ...there, times })
    await waitFor(() => told.length === 2)
    expect(told.map(({ fault }) => fault)).toEqual([undefined, 'unreachable'])
    const lenient = arrange({ a: unanswered }, { url: 'http://gpu:1', checkModels: false }, { ...there, times })
    await waitFor(() => lenient.told.length === 2)
    expect(lenient.told.map(({ fault }) => fault)).toEqual([undefined, undefined])
  })

  it('that makes an image, for whichever of our services, does not hang', async () => {
    let asked = 0
    const describe: Engine['describe'] = (signal) => (asked++, unanswered(signal))
    const times = { withinMs: 5, patientMs: 10 }
    const options = { ...there, times, isBusy: (service: string) => service === 'b' }
    const { told } = arrange({ a: describe, b: async () => GOOD }, { url: 'http://gpu:1' }, options)
    await waitFor(() => asked >= 4)
    expect(told.filter(({ service }) => service === 'a')).toEqual([
      { service: 'a', state: 'warning', text: 'The image server does not answer in time.' }
    ])
  })

  it.each<[list: string[], checkModels: false | undefined, missing: string[] | undefined]>([
    [['other', 'another'], undefined, ['alias']],
    [['FLUX', 'another'], undefined, undefined],
    [['models/flux', 'another'], undefined, undefined],
    [['flux:latest', 'another'], undefined, undefined],
    [['flux:q4', 'another'], undefined, ['alias']],
    [[], undefined, undefined],
    [['other', 'another'], false, undefined]
  ])('that lists %j (checkModels: %s) lacks %j of a service', async (list, checkModels, missing) => {
    const models = [{ id: 'alias', servedAs: 'flux', features: [] }]
    const { told } = arrange(
      { a: async () => ({ ...GOOD, models: list }) },
      { models, ...(checkModels === false && { checkModels }) }
    )
    await waitFor(() => told.length === 1)
    expect(told[0]).toMatchObject({ state: missing ? 'warning' : 'ok' })
    expect(told[0]!.missing).toEqual(missing)
    // Either it knows what was meant, or the list may be wrong.
    if (missing)
      expect(told[0]!.text).toMatch(
        /list the model 'flux' \(served_as of 'alias'\): not offered(; did you mean 'flux:q4'\?|\..*check_models: false)/
      )
  })

  it.each<[served: string, text: RegExp, missing: string[] | undefined]>([
    [
      'sdxl-trubo',
      /^The image server does not list the model 'sdxl-trubo' \(served_as of 'alias'\): not offered; did you mean 'sdxl-turbo'\? It has 'sdxl-turbo'\.$/,
      ['alias']
    ],
    ['sdxl-turb', /does not list the model 'sdxl-turb' \(served_as of 'alias'\)/, ['alias']],
    ['sdxl', /lists 'sdxl-turbo' alone, not 'sdxl' \(served_as of 'alias'\): a misspelling\?/, undefined],
    ['my-own', /lists 'sdxl-turbo' alone/, undefined],
    ['sdxl-turbo2', /lists 'sdxl-turbo' alone/, undefined]
  ])('that lists sdxl-turbo alone where %s is written says so', async (servedAs, text, missing) => {
    const { told } = arrange(
      { a: async () => ({ ...GOOD, models: ['sdxl-turbo'] }) },
      { models: [{ id: 'alias', servedAs, features: [] }] }
    )
    await waitFor(() => told.length === 1)
    expect(told[0]).toMatchObject({ state: 'warning', text: expect.stringMatching(text) })
    expect(told[0]!.missing).toEqual(missing)
  })

  it('whose names of models are as long as can be is told of within the bound', async () => {
    const models = Array.from({ length: 500 }, (_, i) => ({
      id: `${i}`.padEnd(200, 'i'),
      servedAs: `${i}s`,
      features: []
    }))
    const { told } = arrange({ a: async () => ({ ...GOOD, models: ['x'.repeat(1000)] }) }, { models })
    await waitFor(() => told.length === 1)
    expect(told[0]!.text).toMatch(/check_models: false'\.$/)
  })

  it.each([
    [10, /'m8' and 'm9': not offered\./],
    [11, /'m8', 'm9' and 1 more: not offered\./]
  ])('that lacks %i models is told of with ten of their names at most', async (count, text) => {
    const models = Array.from({ length: count }, (_, i) => ({ id: `m${i}`, servedAs: `m${i}`, features: [] }))
    const { told } = arrange({ a: async () => ({ ...GOOD, models: ['flux', 'sdxl'] }) }, { models })
    await waitFor(() => told.length === 1)
    expect(told[0]!.text).toMatch(text)
  })

  it('that lists a single model under the name that sd-server has for any may take any, until it refuses one', async () => {
    const models = ['flux', 'sdxl'].map((id) => ({ id, servedAs: id, features: [] }))
    const { told, probes } = arrange({ a: async () => ({ ...GOOD, models: ['sd-cpp-local'] }) }, { models })
    await waitFor(() => told.length === 1)
    expect(told[0]).toEqual({ service: 'a', state: 'ok', text: '' })
    probes.check('a', { lackedModel: 'sdxl' })
    await waitFor(() => told.length === 2)
    expect(told[1]).toMatchObject({ state: 'warning', missing: ['flux', 'sdxl'] })
  })

  it('that lists a single model and refuses another takes no name but that, as long as its list stays so', async () => {
    let list = ['juggernaut']
    const models = ['sdxl-turbo', 'flux-dev'].map((id) => ({ id, servedAs: id, features: [] }))
    const { told, probes } = arrange({ a: async () => ({ ...GOOD, models: list }) }, { models })
    const next = async (count: number) => {
      await waitFor(() => told.length === count)
      return told.at(-1)
    }
    const doubt = /lists 'juggernaut' alone, not 'sdxl-turbo' and 'flux-dev': a misspelling/
    expect(await next(1)).toEqual({ service: 'a', state: 'warning', text: expect.stringMatching(doubt) })
    probes.check('a', { lackedModel: 'sdxl-turbo' })
    expect(await next(2)).toMatchObject({
      text: expect.stringMatching(
        /does not list the models 'sdxl-turbo' and 'flux-dev': not offered\. It has 'juggernaut'\./
      ),
      missing: ['sdxl-turbo', 'flux-dev']
    })
    // It is another server now, which may take any.
    list = ['dreamshaper']
    probes.check('a')
    expect((await next(3))!.missing).toBeUndefined()
    // A refusal that comes with a new list is of the server as it is now.
    list = ['juggernaut']
    probes.check('a', { lackedModel: 'flux-dev' })
    expect(await next(4)).toMatchObject({ missing: ['sdxl-turbo', 'flux-dev'] })
  })

  it('that lists a single model and refuses that one may take any other name', async () => {
    const models = ['juggernaut', 'flux-dev'].map((id) => ({ id, servedAs: id, features: [] }))
    let asked = 0
    const { told, probes } = arrange({ a: async () => (asked++, { ...GOOD, models: ['juggernaut'] }) }, { models })
    await waitFor(() => told.length === 1)
    probes.check('a', { lackedModel: 'juggernaut' })
    await waitFor(() => asked === 2)
    expect(probes.states()[0]!.missing).toBeUndefined()
  })

  it('that lists a single model is told to lack one that is misspelt, and to be doubted for what else is offered', async () => {
    const models = ['sdxl-trubo', 'my-own', 'flux-dev'].map((id) => ({ id, servedAs: id, features: [] }))
    const { told } = arrange({ a: async () => ({ ...GOOD, models: ['sdxl-turbo'] }) }, { models })
    await waitFor(() => told.length === 1)
    expect(told[0]).toMatchObject({
      text: expect.stringMatching(
        /list the model 'sdxl-trubo': not offered.*Nor does it list 'my-own' and 'flux-dev': offered until refused/
      ),
      missing: ['sdxl-trubo']
    })
  })

  it('whose list is not to be believed is a warning without a fault', async () => {
    const { told } = arrange({ a: gone }, { checkModels: false })
    await waitFor(() => told.length === 1)
    expect(told[0]).toEqual({ service: 'a', state: 'warning', text: 'It cannot be reached.' })
  })

  it('that never answers is bad, and keeps no other waiting', async () => {
    const stuck: Engine['describe'] = (signal) =>
      new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)))
    const { told } = arrange({ stuck, good: async () => GOOD })
    await waitFor(() => told.length === 2)
    expect(told.map(({ service, state }) => [service, state])).toEqual([
      ['good', 'ok'],
      ['stuck', 'warning']
    ])
    expect(told[1]!.text).toBe('The image server does not answer in time.')
  })

  it('that never answers on a machine that is off cannot be reached', async () => {
    const stuck: Engine['describe'] = (signal) =>
      new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)))
    let isOn = false
    const { told } = arrange({ a: stuck }, { url: 'http://10.0.0.1:8188' }, { takesConnections: async () => isOn })
    await waitFor(() => told.length === 1)
    expect(told[0]).toMatchObject({ text: 'The image server cannot be reached.', fault: 'unreachable' })
    isOn = true
    await waitFor(() => told.length === 2)
    expect(told[1]).toEqual({ service: 'a', state: 'warning', text: 'The image server does not answer in time.' })
  })

  it('is told of shortly, and without what an unknown error says', async () => {
    const long = () => Promise.reject(new EngineError('crashed', 'x'.repeat(1000)))
    const { told } = arrange({ long, odd: () => Promise.reject(new Error('at 10.0.0.1')) })
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
  const { told } = arrange(
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
  const { probes, services } = arrange(
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

describe('an image server that is bad', () => {
  /** When it is asked, in milliseconds after it was found so, if it never comes back. */
  const asks = (ofMs: number, isSlow = false) => {
    const times: number[] = []
    for (let at = 0, pause = 0; at < ofMs; times.push(at)) {
      pause = nextPause(USUAL_TIMES, { pause, badForMs: at, isSlow })
      at += pause
    }
    return times
  }
  const pauses = (at: readonly number[]) => at.map((ms, index) => ms - (at[index - 1] ?? 0))

  it('is found within four seconds for a minute, and within a minute ever after', () => {
    const hour = asks(3_600_000)
    expect(pauses(hour).slice(0, 4)).toEqual([1000, 2000, 4000, 4000])
    expect(Math.max(...pauses(hour.filter((ms) => ms <= 60_000)))).toBe(4000)
    expect(pauses(hour.filter((ms) => ms > 56_000)).slice(1, 8)).toEqual([
      4000, 8000, 16_000, 32_000, 60_000, 60_000, 60_000
    ])
  })

  it('and only has no time is asked as rarely as before, however long that takes', () => {
    expect(pauses(asks(300_000, true))).toEqual([4000, 8000, 16_000, 32_000, 60_000, 60_000, 60_000, 60_000])
    expect(nextPause(USUAL_TIMES, { pause: 32_000, badForMs: 59_999, isSlow: false })).toBe(4000)
  })

  it('is not left alone for longer than was said', () => {
    const times = { ...USUAL_TIMES, firstPauseMs: 5, longestPauseMs: 20 }
    expect(nextPause(times, { pause: 20, badForMs: 0, isSlow: false })).toBe(20)
    expect(nextPause(times, { pause: 0, badForMs: 0, isSlow: true })).toBe(20)
  })

  it('is asked at that pace', async () => {
    let asked = 0
    const { told } = arrange(
      { a: () => (++asked < 30 ? gone() : Promise.resolve(GOOD)) },
      {},
      { times: { firstPauseMs: 1, longestSoonMs: 2, longestPauseMs: 60_000 } }
    )
    await waitFor(() => told.at(-1)?.state === 'ok')
    expect(asked).toBe(30)
  })
})

it('a new configuration is asked anew, and the old one no more', async () => {
  let asked = 0
  const { probes, told, services } = arrange({ a: () => (asked++, gone()) })
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
    const { probes, inventories } = arrange(
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

describe('what is said of an image server that has gone away', () => {
  const failing = (code: string) => {
    const cause = Object.assign(new Error(code), { code })
    return new EngineError('unreachable', `The image server is gone: ${code}.`, { cause })
  }
  const arrangeSaid = (describe: Engine['describe']) => {
    const said: string[] = []
    const good: string[] = []
    const write = (line: string) => {
      const { level, msg } = JSON.parse(line) as { level: number; msg: string }
      if (level >= 40) said.push(msg)
      else good.push(msg)
    }
    return { said, good, ...arrange({ a: describe }, {}, { logger: pino({ level: 'info' }, { write }) }) }
  }

  it('is one sentence, whatever of it is met first, and no doubt of its address', async () => {
    let answers: (() => Promise<typeof GOOD>)[] = [async () => GOOD]
    const next = () => (answers.length > 1 ? answers.shift() : answers[0])!()
    const { said, good, told, probes } = arrangeSaid(next)
    await waitFor(() => told.length === 1)
    answers = ['ECONNRESET', 'ECONNREFUSED'].map((code) => () => Promise.reject(failing(code)))
    answers.push(async () => GOOD)
    const unreached = { attempt: 'att_1', text: 'It broke off.', error: failing('ECONNRESET') }
    expect(probes.check('a', { unreached })).toBe(true)
    expect(probes.check('a', { unreached: { ...unreached, attempt: 'att_2' } })).toBe(true)
    await waitFor(() => told.at(-1)!.state === 'ok' && told.length > 1)
    expect(said).toEqual([expect.stringMatching(/connection reset.*Does it still run\?.*asks again/)])
    // Whether it makes images is seen only where it makes one.
    expect(good).toEqual(['a: the image server answers: there', 'a: the image server answers again: there'])
  })

  it('is said anew when its reason is another, as of a machine that is on again and runs none', async () => {
    const codes = ['ETIMEDOUT', 'ECONNREFUSED', 'ECONNRESET', 'ETIMEDOUT']
    let now = 'ETIMEDOUT'
    const alike = () =>
      Promise.reject(
        new EngineError('unreachable', 'The image server cannot be reached.', {
          cause: Object.assign(new Error(now), { code: now })
        })
      )
    const { said, told } = arrangeSaid(alike)
    for (const [index, code] of codes.entries()) {
      now = code
      await waitFor(() => said.length === index + 1)
    }
    expect(said).toEqual([
      expect.stringContaining('(no answer)'),
      expect.stringContaining('(connection refused)'),
      expect.stringContaining('(connection reset)'),
      expect.stringContaining('(no answer)')
    ])
    expect(told).toHaveLength(1)
  })

  it('is why an image was not made, unless something else was found by then', async () => {
    let answer: () => Promise<typeof GOOD> = async () => GOOD
    const { said, told, probes } = arrangeSaid(() => answer())
    await waitFor(() => told.length === 1)
    answer = () => Promise.reject(new EngineError('busy', 'It is being started.'))
    probes.check('a', { unreached: { attempt: 'att_1', text: 'It broke off.', error: failing('ECONNRESET') } })
    await waitFor(() => said.length === 2)
    expect(said).toEqual([
      expect.stringMatching(/^a: an image was not made: It broke off \(connection reset\)/),
      expect.stringMatching(/^a: It is being started\./)
    ])
  })

  it('is known to have answered when it did, were it with a refusal, and not when it was never reached', async () => {
    for (const [fault, isKnown] of [
      ['unreachable', false],
      ['crashed', true],
      ['bad_output', true]
    ] as const) {
      const { probes, told } = arrangeSaid(() => Promise.reject(new EngineError(fault, 'No.')))
      await waitFor(() => told.length === 1)
      expect(probes.hasAnswered('a')).toBe(isKnown)
    }
    const { probes, told } = arrangeSaid(async () => GOOD)
    await waitFor(() => told.length === 1)
    expect(probes.hasAnswered('a')).toBe(true)
    expect(probes.hasAnswered('b')).toBe(false)
  })

  it('asks for https where nothing was ever had from it', async () => {
    const { said } = arrangeSaid(() => Promise.reject(failing('ECONNRESET')))
    await waitFor(() => said.length === 1)
    expect(said[0]).toContain('Is its address https://')
  })

  it('is why the image was not made, when it is there all the same', async () => {
    const { said, told, probes } = arrangeSaid(async () => GOOD)
    await waitFor(() => told.length === 1)
    probes.check('a', { unreached: { attempt: 'att_1', text: 'It broke off.', error: failing('ECONNRESET') } })
    await waitFor(() => said.length === 1)
    expect(said[0]).toMatch(/^a: an image was not made: It broke off \(connection reset\)\. Does it still run\?/)
    expect(probes.check('nobody', {})).toBe(false)
  })
})
