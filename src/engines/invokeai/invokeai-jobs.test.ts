import { describe, expect, it } from 'vitest'
import { createTestRun } from '../../../tests/support/engine-run.ts'
import { useInvokeEngine } from '../../../tests/support/invokeai-engine.ts'
import { waitFor } from '../../../tests/support/wait-for.ts'
import type { ImageTask } from '../../images/image-request.ts'
import { identifyServer } from '../identify-server.ts'

const invoke = useInvokeEngine()
const { start, generate, failing } = invoke
const statuses = () => invoke.server.state().statuses
const until = (what: () => boolean) => waitFor(async () => what())
const isClear = () => statuses().length === 0 && invoke.server.state().images.length === 0

const PIXEL = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGNgYPgPAAEDAQAIicLsAAAAAElFTkSuQmCC',
  'base64'
)
const edit: Partial<ImageTask> = {
  kind: 'edit',
  inputs: [{ name: 'image0', mediaType: 'image/png', width: 1, height: 1 }]
}

describe('while it works', () => {
  it('real steps and previews are told, of our own item alone', async () => {
    await start()
    const { run } = await generate()
    expect(run.progress).toEqual([1, 2, 3, 4].map((step) => ({ step, steps: 4 })))
    expect(run.previews).toEqual([{ bytes: expect.any(Buffer), mediaType: 'image/jpeg' }])
  })

  it('previews are told up to a megabyte', async () => {
    await start()
    invoke.server.control({ previewBytes: 1024 * 1024 })
    expect((await generate()).run.previews).toHaveLength(4)
    invoke.server.control({ previewBytes: 1024 * 1024 + 1 })
    expect((await generate()).run.previews).toEqual([])
  })

  it('an image is made without a stream of events, and when it breaks', async () => {
    await start({ noSocket: true })
    expect((await generate()).run.progress).toEqual([])
    await invoke.server.close()
    await invoke.engine.close?.()
    await start()
    invoke.server.control({ cutSockets: true })
    expect((await generate()).seed).toBe(7)
  })

  it.each([
    [{ noSocket: true }, expect.stringContaining('Images come without steps and previews')],
    [{}, undefined]
  ])('it is told that a proxy passes no WebSockets on: %j', async (fake, advice) => {
    await start(fake)
    expect((await invoke.engine.describe(new AbortController().signal)).advice).toEqual(advice)
    const { result } = await identifyServer({ url: invoke.server.url })
    expect(result[0]?.advice).toEqual(advice)
  })

  it('packets of every kind are passed over', async () => {
    await start()
    invoke.server.control({
      junk: ['', '2', '3', '42', '42{', '42[]', '42[7,8]', '42["invocation_progress",null]', '451-["x",{"_placeholder":true,"num":0}]', 'x', '430[]'] // prettier-ignore
    })
    expect((await generate()).run.progress).toHaveLength(4)
  })

  it('a packet larger than any preview ends the stream, not the image', async () => {
    await start()
    invoke.server.control({ junk: [`42["x","${'y'.repeat(4 * 1024 * 1024)}"]`] })
    expect((await generate()).seed).toBe(7)
  })
})

describe('nothing is left', () => {
  it('of an image and what it was made of', async () => {
    await start()
    await generate(edit, { inputs: { image0: PIXEL } })
    await until(isClear)
  })

  it('and what is there meanwhile is in nobody’s gallery', async () => {
    await start()
    invoke.server.control({ hold: 'step' })
    const made = generate(edit, { inputs: { image0: PIXEL } })
    await until(() => statuses().includes('in_progress'))
    expect(invoke.server.state().images).toEqual([{ name: expect.any(String), isIntermediate: true }])
    invoke.server.control({ hold: false })
    await made
    await until(isClear)
  })

  it('of one that failed', async () => {
    await start()
    invoke.server.control({ failItem: { type: 'RuntimeError', message: 'no' } })
    await expect(generate(edit, { inputs: { image0: PIXEL } })).rejects.toMatchObject({ fault: 'crashed' })
    await until(isClear)
  })

  it('of one whose result is no image', async () => {
    await start()
    invoke.server.control({ image: Buffer.from('hello there, this is no image').toString('base64') })
    await failing().toMatchObject({ fault: 'bad_output' })
    await until(isClear)
  })

  it('when the engine is closed right after it', async () => {
    await start()
    await generate()
    await invoke.engine.close?.()
    expect(isClear()).toBe(true)
  })
})

describe('a job that nobody wants any more', () => {
  it.each(['step', 'queue'] as const)('is canceled and taken away, held at its %s, and no other', async (hold) => {
    await start()
    invoke.server.control({ hold })
    const abort = new AbortController()
    const rejected = expect(generate({ seed: 1 }, { signal: abort.signal })).rejects.toThrow('enough')
    await until(() => statuses().includes(hold === 'step' ? 'in_progress' : 'pending'))
    const other = generate({ seed: 2 })
    await until(() => statuses().length === 2)
    abort.abort(new Error('enough'))
    await rejected
    await until(() => statuses().length === 1)
    invoke.server.control({ hold: false })
    expect((await other).seed).toBe(2)
    await until(isClear)
    expect(invoke.server.state().calls.filter((call) => call.startsWith('PUT'))).toHaveLength(1)
  })

  it('is taken back when it has its number, though nobody waited for that', async () => {
    await start()
    invoke.server.control({ slow: true, hold: 'step' })
    const abort = new AbortController()
    const rejected = expect(generate(edit, { signal: abort.signal, inputs: { image0: PIXEL } })).rejects.toThrow(
      'enough'
    )
    await until(() => invoke.server.state().images.length === 1)
    abort.abort(new Error('enough'))
    await rejected
    invoke.server.control({ slow: false, hold: false })
    await until(isClear)
    invoke.server.control({ slow: undefined as never })
    expect((await generate()).seed).toBe(7)
  })
})

describe('its owner', () => {
  it.each(['cancel', 'delete'] as const)('may %s it: it comes back later', async (owner) => {
    await start()
    invoke.server.control({ hold: 'step' })
    const rejected = failing().toMatchObject({ fault: 'busy', retryAfterMs: 30_000 })
    await until(() => statuses().includes('in_progress'))
    invoke.server.control({ owner, hold: false })
    await rejected
  })

  it('may start it anew in the middle', async () => {
    await start()
    invoke.server.control({ hold: 'step' })
    const rejected = failing().toMatchObject({ fault: 'busy' })
    await until(() => statuses().includes('in_progress'))
    invoke.server.control({ restart: true, hold: false })
    await rejected
    expect((await generate()).seed).toBe(7)
  })

  it('goes first for so long as others are waited for, and we behind ourselves', async () => {
    await start({}, { times: { patienceMs: 150 } })
    invoke.server.control({ hold: 'step' })
    const runs = [createTestRun(), createTestRun()] as const
    const first = generate({ seed: 1 }, { run: runs[0] })
    await until(() => statuses().includes('in_progress'))
    const second = generate({ seed: 2 }, { run: runs[1] })
    await until(() => statuses().length === 2)
    // Twice as long as others are waited for.
    const since = performance.now()
    await until(() => performance.now() - since > 300)
    expect(runs[0].begun).toBeGreaterThan(0)
    expect([runs[1].begun, runs[1].progress]).toEqual([0, []])
    expect(runs[1].waited).toBeGreaterThan(1)
    invoke.server.control({ hold: false })
    expect([(await first).seed, (await second).seed]).toEqual([1, 2])
    expect(runs[1].begun).toBeGreaterThan(0)
    await until(isClear)
    invoke.server.control({ hold: 'queue' })
    await failing().toMatchObject({ fault: 'busy', retryAfterMs: 30_000 })
    await until(isClear)
  })
})

describe('a server that is hard to reach', () => {
  it('is looked at again', async () => {
    await start({}, { times: { awayMs: 2000 } })
    invoke.server.control({ breakLooks: 3 })
    expect((await generate()).seed).toBe(7)
  })

  it('for too long has died', async () => {
    await start()
    invoke.server.control({ hold: 'step', breakLooks: 1_000_000 })
    await failing().toMatchObject({ fault: 'crashed', message: 'The image server went away while it worked.' })
    invoke.server.control({ breakLooks: 0, hold: false })
  })

  it.each([
    ['has tried what it is known to have begun, though no look told', 'crashed', { hold: 'step' }],
    ['has not tried what it had not begun', 'unreachable', {}]
  ] as const)('for too long %s', async (_what, fault, begins) => {
    await start({}, { times: { patienceMs: 60_000 } })
    invoke.server.control({ hold: 'queue' })
    const ended = failing().toMatchObject({ fault })
    await until(() => statuses().length === 1)
    // Looked at several times meanwhile.
    const since = performance.now()
    await until(() => performance.now() - since > 200)
    invoke.server.control({ breakLooks: 1_000_000, ...begins })
    await ended
    invoke.server.control({ breakLooks: 0, hold: false })
  })
})

describe('a model that is to be loaded', () => {
  const warm = (model: string) => invoke.engine.warm!(model, new AbortController().signal)

  it('is, and nothing is left of that', async () => {
    await start()
    expect(await warm('fake-image')).toBe('warmed')
    expect(invoke.server.state().inMemory).toMatchObject({ name: 'fake-image' })
    await until(isClear)
  })

  it("waits for nobody: the owner's work goes first", async () => {
    await start()
    await warm('fake-image')
    const [graph] = invoke.server.state().graphs
    invoke.server.control({ hold: 'queue' })
    const body = JSON.stringify({ batch: { batch_id: 'owner', graph, runs: 1 } })
    await fetch(`${invoke.server.url}/api/v1/queue/default/enqueue_batch`, { method: 'POST', body })
    await expect(warm('fake-image')).rejects.toMatchObject({ fault: 'busy' })
    invoke.server.control({ hold: false })
  })
})
