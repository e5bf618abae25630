import { describe, expect, it } from 'vitest'
import { waitFor } from '../../tests/support/wait-for.ts'
import type { AgentServiceConfig } from '../config/agent-config.ts'
import { EngineError, type Warmed } from '../engines/engine.ts'
import { silentLogger } from '../lib/logger.ts'
import { MAX_WARMS, type ServiceWarmed } from '../protocol/service-warms.ts'
import type { AgentService } from './agent-services.ts'
import { OwnerWarms, type WarmTimes } from './owner-warms.ts'

type Warm = (model: string, signal: AbortSignal) => Promise<Warmed>

/** Loads until it is aborted, with its reason. */
const forEver: Warm = (_model, signal) =>
  new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)))

function arrange(warm: Warm | undefined, config: Partial<AgentServiceConfig> = {}, times: Partial<WarmTimes> = {}) {
  const told: ServiceWarmed[] = []
  const loaded: string[] = []
  let making = Promise.withResolvers<void>()
  const images = { isMaking: false, settled: () => making.promise }
  const models = Array.from({ length: MAX_WARMS + 1 }, (_, at) => ({ id: `m${at}`, servedAs: `f${at}`, features: [] }))
  const engine = { warm: warm && ((model: string, signal: AbortSignal) => (loaded.push(model), warm(model, signal))) }
  const service = { config: { name: 'rig', models, ...config }, engine } as unknown as AgentService
  let warmed = 0
  const warms = new OwnerWarms({
    serviceOf: (name) => (name === 'rig' ? service : undefined),
    images,
    onWarmed: () => void (warmed += 1),
    send: (answer) => told.push(answer),
    logger: silentLogger(),
    times: { quietMs: 1, ...times }
  })
  const hear = (wish: string, model = 'm0', name = 'rig') =>
    warms.hear({ type: 'service.warm', service: name, model, wish })
  /** An image begins, before which nothing may be loading any more. */
  const beginImage = () => {
    images.isMaking = true
    return warms.makeRoom()
  }
  const endImage = () => {
    images.isMaking = false
    making.resolve()
    making = Promise.withResolvers()
  }
  const states = (wish: string) => told.filter((one) => one.wish === wish).map(({ state }) => state)
  const ended = (wish: string) => waitFor(() => told.find((one) => one.wish === wish && !OPEN.includes(one.state)))
  return { warms, hear, told, loaded, states, ended, beginImage, endImage, warmedTimes: () => warmed }
}
const OPEN = ['waiting', 'warming']

describe('a model that the owner wants loaded', () => {
  it('is, by the name that its image server has for it, and told', async () => {
    const { hear, states, ended, loaded, warmedTimes } = arrange(() => Promise.resolve('warmed'))
    hear('a', 'm3')
    await ended('a')
    expect(states('a')).toEqual(['waiting', 'warming', 'warmed'])
    expect([loaded, warmedTimes()]).toEqual([['f3'], 1])
  })

  it('is loaded once, however often that is said, and again when it is wished anew', async () => {
    const { hear, told, ended, loaded } = arrange(() => Promise.resolve('warmed'))
    hear('a')
    hear('a')
    await ended('a')
    hear('a')
    expect(told.at(-1)).toMatchObject({ wish: 'a', state: 'warmed' })
    expect(loaded).toHaveLength(1)
    hear('b')
    await ended('b')
    expect(loaded).toHaveLength(2)
  })

  it('waits for the one before', async () => {
    const done = Promise.withResolvers<Warmed>()
    const { hear, states, ended, loaded } = arrange((model) =>
      model === 'f0' ? done.promise : Promise.resolve('warmed')
    )
    hear('a', 'm0')
    hear('b', 'm1')
    await waitFor(() => states('a').includes('warming'))
    expect([states('b'), loaded]).toEqual([['waiting'], ['f0']])
    done.resolve('warmed')
    await ended('b')
    expect(loaded).toEqual(['f0', 'f1'])
  })

  it.each<[what: string, warm: Warm | undefined, config: Partial<AgentServiceConfig>, end: object]>([
    ['by the file', forEver, { warmModels: false }, { state: 'refused', text: expect.stringMatching(/warm_models/) }],
    ['by an engine without', undefined, {}, { state: 'unsupported', text: expect.stringMatching(/cannot be told/) }],
    ['by a server without', () => Promise.resolve('unsupported'), {}, { state: 'unsupported' }],
    [
      'by one that works for its owner',
      () => Promise.reject(new EngineError('busy', 'It is busy.')),
      {},
      { state: 'refused', text: 'It is busy.' }
    ],
    [
      'by one that lacks it',
      () => Promise.reject(new EngineError('model_missing', `It lacks it.${'x'.repeat(400)}`)),
      {},
      { state: 'failed', text: `It lacks it.${'x'.repeat(288)}` }
    ],
    [
      'by a mistake of ours, of which nothing is told',
      () => Promise.reject(new Error('at 10.0.0.1')),
      {},
      { state: 'failed', text: 'The agent failed unexpectedly.' }
    ]
  ])('may be denied: %s', async (_what, warm, config, end) => {
    const { hear, ended, warmedTimes } = arrange(warm, config)
    hear('a')
    expect(await ended('a')).toMatchObject(end)
    expect(warmedTimes()).toBe(0)
  })

  it('must be one of the service', () => {
    const { hear, told } = arrange(forEver)
    hear('a', 'nobody')
    hear('b', 'm0', 'nobody')
    expect(told.map(({ state }) => state)).toEqual(['refused', 'refused'])
  })

  it('is one of so many that wait, and no more', async () => {
    const { hear, told, warms } = arrange(forEver)
    for (let at = 0; at <= MAX_WARMS; at++) hear(`w${at}`, `m${at}`)
    expect(told.filter(({ state }) => state === 'refused').map(({ wish }) => wish)).toEqual([`w${MAX_WARMS}`])
    await warms.stopAll()
  })

  it('is given up after its time', async () => {
    const { hear, ended } = arrange(forEver, {}, { withinMs: 5 })
    hear('a')
    expect(await ended('a')).toMatchObject({ state: 'failed', text: expect.stringMatching(/not loaded within/) })
  })
})

describe('an image', () => {
  it('goes first: what is being loaded is put off until it is made', async () => {
    let times = 0
    const { hear, states, ended, beginImage, endImage } = arrange((model, signal) =>
      ++times === 1 ? forEver(model, signal) : Promise.resolve('warmed')
    )
    hear('a')
    await waitFor(() => states('a').includes('warming'))
    await beginImage()
    await waitFor(() => states('a').at(-1) === 'waiting')
    expect(times).toBe(1)
    endImage()
    await ended('a')
    expect(states('a')).toEqual(['waiting', 'warming', 'waiting', 'warming', 'warmed'])
  })

  it('waits until the loading has really stopped', async () => {
    const stopped = Promise.withResolvers<Warmed>()
    const { hear, states, beginImage, warms } = arrange(() => stopped.promise)
    hear('a')
    await waitFor(() => states('a').includes('warming'))
    let hasRoom = false
    const room = beginImage().then(() => (hasRoom = true))
    await new Promise(setImmediate)
    expect(hasRoom).toBe(false)
    stopped.resolve('warmed')
    await room
    await warms.stopAll()
  })

  it('that is made all the time has the wish refused', async () => {
    const { hear, ended, beginImage, loaded } = arrange(forEver, {}, { patienceMs: 10 })
    await beginImage()
    hear('a')
    expect(await ended('a')).toMatchObject({ state: 'refused', text: expect.stringMatching(/go first/) })
    expect(loaded).toEqual([])
  })
})

it('an agent that stops loads nothing any more, tells nothing, and can be asked again', async () => {
  const { hear, states, warms, loaded } = arrange(forEver)
  hear('a', 'm0')
  hear('b', 'm1')
  await waitFor(() => states('a').includes('warming'))
  await warms.stopAll()
  expect([states('a'), states('b'), loaded]).toEqual([['waiting', 'warming'], ['waiting'], ['f0']])
  hear('a', 'm0')
  await waitFor(() => states('a').length === 4)
  await warms.stopAll()
})
