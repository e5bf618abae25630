import { setTimeout as pause } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { QUICK, task, useComfyEngine } from '../../../tests/support/comfyui-engine.ts'
import { createTestRun } from '../../../tests/support/engine-run.ts'
import { waitFor } from '../../../tests/support/wait-for.ts'
import { identifyServer } from '../identify-server.ts'
import { MOST_SAID_AGAIN } from './cancel-job.ts'

const world = useComfyEngine()
const { start, generate, failing } = world

const seedOf = ({ pixels }: { pixels: { data: Buffer } }) => pixels.data.readUIntBE(pixels.data.length - 4, 4)
const callsTo = (path: string) => world.server.calls.filter((call) => `${call.method} ${call.path}` === path)

describe.each(['old', 'mid', 'new'] as const)('a server that is %s', (age) => {
  it('makes a picture, tells its steps, and keeps nothing of it', async () => {
    await start({ age, previews: true })
    const made = await generate()
    expect(made.pixels).toMatchObject({ width: 64, height: 48 })
    expect([seedOf(made), made.seed]).toEqual([4_294_967_295, 4_294_967_295])
    expect(made.run.progress).toEqual([1, 2, 3].map((step) => ({ step, steps: 3 })))
    expect(made.run.previews.map(({ mediaType }) => mediaType)).toEqual(Array(3).fill('image/jpeg'))
    expect(world.server.savedFiles.size).toBe(0)
    await waitFor(() => world.server.historyIds().length === 0)
  })

  it.each(['runs', 'waits'] as const)("has an image stopped that %s, and never the owner's", async (state) => {
    await start({ age })
    const owners = state === 'waits' ? [world.server.queueOwnersJob()] : []
    world.server.set({ stalled: true })
    const abort = new AbortController()
    const working = world.server.working()
    const work = expect(generate({}, { signal: abort.signal })).rejects.toThrow('not wanted')
    await (state === 'runs' ? working : waitFor(() => callsTo('POST /prompt').length === 1))
    if (state === 'runs') owners.push(world.server.queueOwnersJob())
    abort.abort(new Error('not wanted'))
    await work
    await waitFor(() => world.server.runningIds()[0] === owners[0])
    expect(world.server.wasInterrupted(owners[0]!)).toBe(false)
    expect(world.server.runningIds()).toEqual(owners)
    world.server.letGo(owners[0]!)
    world.server.set({ stalled: false })
    expect(await generate()).toMatchObject({ seed: 4_294_967_295 })
  })
})

describe.each(['mid', 'new'] as const)('what a server that is %s remembers', (age) => {
  it('of an image that was stopped is taken from it when it has really ended', async () => {
    await start({ age })
    world.server.set({ stalled: true, deaf: true })
    const abort = new AbortController()
    const working = world.server.working()
    const work = expect(generate({}, { signal: abort.signal })).rejects.toThrow('not wanted')
    await working
    abort.abort(new Error('not wanted'))
    await work
    expect(world.server.runningIds()).toHaveLength(1)
    world.server.set({ deaf: false })
    await waitFor(() => world.server.runningIds().length === 0)
    await waitFor(() => world.server.historyIds().length === 0)
  })

  it('of an image that failed is taken from it, though its end is told before it is remembered', async () => {
    await start({ age })
    world.server.set({ failure: 'error', historyDelayMs: 80 })
    await failing().toMatchObject({ fault: 'crashed' })
    await waitFor(() => world.server.runningIds().length === 0)
    await waitFor(() => world.server.historyIds().length === 0)
  })

  it('of an image that was made when its proxy went away is taken from it when that is back, and nobody waits for it', async () => {
    await start({ age })
    world.server.set({ historyCutOff: 502 })
    await generate()
    await waitFor(() => callsTo('POST /history').length > 2)
    expect(world.server.historyIds()).toHaveLength(1)
    world.server.set({ historyCutOff: null })
    await waitFor(() => world.server.historyIds().length === 0)
  })

  it('of an image that was made stays where that is refused, and is not asked for again and again', async () => {
    await start({ age })
    world.server.set({ historyCutOff: 405 })
    await generate()
    const since = performance.now()
    await waitFor(() => performance.now() - since > 10 * QUICK.pollMs)
    expect(callsTo('POST /history')).toHaveLength(1)
  })

  it('of images that were made is taken from it later of so many at most', async () => {
    await start({ age })
    world.server.set({ historyCutOff: 502 })
    for (let made = 0; made <= MOST_SAID_AGAIN; made++) await generate({ seed: made })
    expect(world.server.historyIds()).toHaveLength(MOST_SAID_AGAIN + 1)
    world.server.set({ historyCutOff: null })
    await waitFor(() => world.server.historyIds().length === 1)
    await world.engine.close?.()
    expect(world.server.historyIds()).toHaveLength(1)
  })
})

describe('an abort', () => {
  it('while the job is being sent stops it, whatever became of it', async () => {
    await start()
    const owners = world.server.queueOwnersJob()
    const abort = new AbortController()
    const work = expect(generate({}, { signal: abort.signal })).rejects.toThrow('not wanted')
    await waitFor(() => callsTo('GET /features').length === 1)
    abort.abort(new Error('not wanted'))
    await work
    world.server.letGo(owners)
    await waitFor(() => world.server.runningIds().length === 0)
  })
})

describe('a picture', () => {
  it('of the same call is the same, and comes again from what the server remembers', async () => {
    await start()
    const [first, again, other] = [await generate(), await generate(), await generate({ seed: 1 })]
    expect(again.pixels.data.equals(first.pixels.data)).toBe(true)
    expect(other.pixels.data.equals(first.pixels.data)).toBe(false)
    expect(again.run.progress).toEqual([])
  })

  it.each([
    ['without a socket', { noSocket: true }],
    ['without the node that sends pictures', { missingNodes: ['SaveImageWebsocket'] }]
  ])('comes through the temporary folder %s, also when it is asked for again', async (_what, fake) => {
    await start(fake)
    const first = await generate()
    // The file of then may be gone: it is not what is delivered.
    world.server.set({ filesGone: true })
    const again = await generate()
    expect(again.pixels.data.equals(first.pixels.data)).toBe(true)
    expect([...world.server.savedFiles.keys()].every((name) => name.startsWith('temp/'))).toBe(true)
  })

  it.each([
    [{ noSocket: true }, expect.stringContaining('Images come without steps and previews')],
    [{}, undefined]
  ])('comes without steps where a proxy passes no WebSockets on, which is told: %j', async (fake, advice) => {
    await start(fake)
    expect((await world.engine.describe(new AbortController().signal)).advice).toEqual(advice)
    const { result } = await identifyServer({ url: world.server.url })
    expect(result[0]?.advice).toEqual(advice)
  })

  it('is known in frames that do not say of which node they are', async () => {
    await start({ previews: true })
    world.server.set({ plainFrames: true })
    const made = await generate()
    expect(seedOf(made)).toBe(4_294_967_295)
    expect(made.run.previews).toHaveLength(3)
  })

  it('that is larger than it may be is bad output', async () => {
    await start({ previews: true }, { maxImageBytes: 100 })
    world.server.set({ previewBytes: 1_100_000 })
    await failing().toMatchObject({ fault: 'bad_output' })
  })

  it('on the way is left out when it is huge', async () => {
    await start({ previews: true }, { maxImageBytes: 5_000_000 })
    world.server.set({ previewBytes: 1_100_000 })
    const made = await generate()
    expect(made.run.previews).toEqual([])
    expect(seedOf(made)).toBe(4_294_967_295)
  })

  it('on the way is asked for of a recent server, and not of one whose owner wants none', async () => {
    await start({ age: 'new' }, { previews: 'latent2rgb' })
    expect((await generate()).run.previews).toHaveLength(3)
    await world.server.close()
    await start({ age: 'new' })
    expect((await generate()).run.previews).toHaveLength(0)
  })
})

describe('a socket that is lost', () => {
  it.each(['start', 'step', 'picture'] as const)('at the %s costs no picture', async (cutAt) => {
    await start({ stepMs: 40 })
    world.server.set({ cutAt })
    expect(seedOf(await generate())).toBe(4_294_967_295)
    expect(world.server.savedFiles.size).toBe(0)
  })

  it('leaves a picture that is finished meanwhile to be found', async () => {
    await start({ missingNodes: ['SaveImageWebsocket'], stepMs: 30 })
    world.server.set({ cutAt: 'step', historyDelayMs: 80 })
    expect(seedOf(await generate())).toBe(4_294_967_295)
  })
})

describe('a server that is started anew in the middle', () => {
  it('has failed', async () => {
    await start()
    world.server.set({ stalled: true })
    const working = world.server.working()
    const work = failing().toMatchObject({
      fault: 'crashed',
      message: 'The image server was started anew while it worked.'
    })
    await working
    world.server.restart()
    await work
    world.server.set({ stalled: false })
    expect(seedOf(await generate())).toBe(4_294_967_295)
  })

  it('and stays away has failed too', async () => {
    await start()
    world.server.set({ stalled: true })
    const working = world.server.working()
    const work = failing().toMatchObject({ fault: 'crashed', message: 'The image server went away while it worked.' })
    await working
    await world.server.close()
    await work
    await start()
  })
})

describe('the owner', () => {
  it('who stops the image is given way', async () => {
    await start()
    world.server.set({ stalled: true })
    const working = world.server.working()
    const work = failing().toMatchObject({ fault: 'busy', retryAfterMs: 30_000 })
    await working
    await fetch(`${world.server.url}/interrupt`, { method: 'POST', body: '{}' })
    await work
  })

  it('who takes the image out of the queue is given way', async () => {
    await start()
    const owners = world.server.queueOwnersJob()
    const work = failing().toMatchObject({ fault: 'busy', message: expect.stringContaining('took the image out') })
    await waitFor(() => callsTo('POST /prompt').length === 1)
    const id = String(callsTo('POST /prompt')[0]!.json!.prompt_id)
    await fetch(`${world.server.url}/queue`, { method: 'POST', body: JSON.stringify({ delete: [id] }) })
    await work
    expect(world.server.runningIds()).toEqual([owners])
    world.server.letGo(owners)
  })

  it('who works is waited for', async () => {
    await start()
    const owners = world.server.queueOwnersJob()
    const work = generate()
    await waitFor(() => callsTo('POST /prompt').length === 1)
    world.server.letGo(owners)
    expect(seedOf(await work)).toBe(4_294_967_295)
  })

  it('who works for long is left alone, and the place in the queue given up', async () => {
    await start({}, { times: { quietMs: 60, pollMs: 20, awayMs: 300, patienceMs: 100 } })
    const owners = world.server.queueOwnersJob()
    await failing().toMatchObject({ fault: 'busy' })
    world.server.letGo(owners)
    await waitFor(() => world.server.runningIds().length === 0)
    expect(world.server.historyIds()).toEqual([owners])
  })

  it('who goes first is neither disturbed nor overtaken', async () => {
    await start({}, { givesWay: true })
    const owners = world.server.queueOwnersJob()
    await failing().toMatchObject({ fault: 'busy', retryAfterMs: 15_000 })
    expect(callsTo('POST /prompt')).toEqual([])
    world.server.letGo(owners)
    await waitFor(() => world.server.runningIds().length === 0)
    world.server.set({ stalled: true })
    const working = world.server.working()
    const [first, second] = [generate({ seed: 1 }), generate({ seed: 2 })]
    await working
    const next = world.server.queueOwnersJob()
    await waitFor(() => callsTo('POST /prompt').length === 2)
    world.server.set({ stalled: false })
    // It runs before the second, which was there before it.
    await waitFor(() => world.server.runningIds()[0] === next)
    world.server.letGo(next)
    expect((await Promise.all([first, second])).map(seedOf)).toEqual([1, 2])
  })
})

describe('memory', () => {
  it('is freed after a quiet while, unless the owner works', async () => {
    await start({}, { freeAfterMs: 30 })
    await generate()
    await waitFor(() => callsTo('POST /free').length === 1)
    expect(callsTo('POST /free')[0]!.json).toEqual({ unload_models: true, free_memory: true })
    const owners = world.server.queueOwnersJob()
    const looked = callsTo('GET /queue').length
    const work = generate()
    await waitFor(() => callsTo('POST /prompt').length === 2)
    world.server.letGo(owners)
    await work
    const again = world.server.queueOwnersJob()
    await waitFor(() => callsTo('GET /queue').length > looked)
    await pause(100)
    expect(callsTo('POST /free')).toHaveLength(1)
    world.server.letGo(again)
  })
})

it('sends its key with everything, and no origin', async () => {
  await start({ apiKey: 'k-1' }, { apiKey: 'k-1' })
  expect(seedOf(await generate())).toBe(4_294_967_295)
  await world.server.close()
  await start({ apiKey: 'k-1' }, { apiKey: 'other' })
  await expect(world.engine.generate(task(), createTestRun())).rejects.toMatchObject({ fault: 'unreachable' })
})

describe('a model that is to be loaded', () => {
  const warm = (model: string, signal = new AbortController().signal) => world.engine.warm!(model, signal)

  it('is, as often as it has been freed, and nothing is left of that', async () => {
    await start({}, { keepFiles: true })
    for (let times = 0; times < 2; times++) {
      expect(await warm('juggernautXL')).toBe('warmed')
      expect(world.server.inMemory()).toEqual(['xl/juggernautXL.safetensors'])
      await fetch(`${world.server.url}/free`, { method: 'POST', body: '{}' })
    }
    expect(world.lastGraph().sampler!.inputs).toMatchObject({ steps: 1 })
    expect(world.server.savedFiles.size).toBe(0)
    await waitFor(() => world.server.historyIds().length === 0)
    await expect(warm('nobody')).rejects.toMatchObject({ fault: 'model_missing' })
  })

  it("waits for nobody: the owner's work goes first", async () => {
    await start()
    const owners = world.server.queueOwnersJob()
    await expect(warm('sd15')).rejects.toMatchObject({ fault: 'busy' })
    world.server.letGo(owners)
  })

  it('is stopped at the server with an abort', async () => {
    await start({ age: 'new' })
    world.server.set({ stalled: true })
    const abort = new AbortController()
    const working = world.server.working()
    const warming = warm('sd15', abort.signal)
    await working
    abort.abort(new Error('an image'))
    await expect(warming).rejects.toThrow('an image')
    await waitFor(() => world.server.runningIds().length === 0)
  })
})
