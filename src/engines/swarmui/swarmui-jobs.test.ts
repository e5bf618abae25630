import { describe, expect, it } from 'vitest'
import { createTestRun } from '../../../tests/support/engine-run.ts'
import { readSeed } from '../../../tests/support/fake-openai-pictures.ts'
import { useSwarmEngine } from '../../../tests/support/swarmui-engine.ts'
import { waitFor } from '../../../tests/support/wait-for.ts'

const swarm = useSwarmEngine()
const { start, generate } = swarm
const statuses = () => swarm.server.state().statuses
const until = (what: () => boolean) => waitFor(async () => what())

describe('while it works', () => {
  it('real steps and previews are told', async () => {
    await start()
    const { run } = await generate()
    expect(run.progress).toEqual([1, 2, 3, 4].map((step) => ({ step, steps: 4 })))
    expect(run.previews).toEqual([{ bytes: expect.any(Buffer), mediaType: 'image/jpeg' }])
  })

  it('previews are told up to a megabyte', async () => {
    await start()
    swarm.server.control({ previewBytes: 1024 * 1024 })
    expect((await generate()).run.previews).toHaveLength(4)
    swarm.server.control({ previewBytes: 1024 * 1024 + 1 })
    expect((await generate()).run.previews).toEqual([])
  })

  it('messages of every kind are passed over', async () => {
    await start()
    swarm.server.control({
      junk: [
        null,
        [],
        1,
        'x',
        { gen_progress: null },
        { gen_progress: { current_percent: 'NaN', preview: 'data:video/mp4;base64,AAAA' } },
        { gen_progress: { current_percent: 1e300 } },
        { gen_progress: { current_percent: -4 } },
        { image: {}, batch_index: {} },
        { image: { image: 7 } },
        { status: 'x' },
        { socket_intention: 'open' },
        { keep_alive: true }
      ]
    })
    const { run, seed } = await generate()
    expect(seed).toBe(7)
    expect(run.progress.every(({ step, steps }) => step >= 0 && step <= steps)).toBe(true)
  })

  it('pictures on the way are not the result', async () => {
    await start()
    swarm.server.control({ intermediate: true })
    expect(await readSeed((await generate()).png)).toBe(7)
  })

  it('a result is taken as the documents have it, too', async () => {
    await start()
    swarm.server.control({ nested: true })
    expect(await readSeed((await generate()).png)).toBe(7)
  })
})

describe('a result that was saved all the same', () => {
  it.each([false, true])('is fetched and deleted (folders without names: %s)', async (noUserFolders) => {
    await start({ noUserFolders })
    swarm.server.control({ saves: true })
    const image = await generate()
    expect(await readSeed(image.png)).toBe(7)
    expect(image.warnings).toEqual([])
    expect(swarm.server.state().files).toEqual([])
  })

  it.each([
    '/etc/passwd',
    'View/other/raw/x.png',
    'View/local/../../x.png',
    'http://127.0.0.1:1/x.png',
    'View/local//x.png',
    `View/local/${'x'.repeat(1000)}`
  ])('is not fetched from %s', async (image) => {
    await start()
    swarm.server.control({ image })
    await expect(generate()).rejects.toMatchObject({ fault: 'bad_output' })
  })
})

describe('sessions', () => {
  it('are used again, one for each job at the same time', async () => {
    await start()
    await generate()
    await generate()
    expect(swarm.server.state().sessions).toBe(1)
    await Promise.all([generate(), generate()])
    expect(swarm.server.state().sessions).toBe(2)
  })

  it('that the server has forgotten are renewed', async () => {
    await start()
    await generate()
    swarm.server.control({ forgetSessions: true })
    expect((await generate()).seed).toBe(7)
    expect(swarm.server.state().sessions).toBe(1)
  })

  it('that are forgotten between a look and the job are renewed, too', async () => {
    await start()
    let isFirst = true
    const run = generate(
      { kind: 'edit', inputs: [{ name: 'image0', mediaType: 'image/png', width: 64, height: 64 }] },
      {
        inputs: {
          get image0() {
            // Read after the model was looked for and before the job is sent.
            if (isFirst) swarm.server.control({ forgetSessions: true })
            isFirst = false
            return PIXEL
          }
        }
      }
    )
    expect((await run).seed).toBe(7)
    expect(swarm.server.state().sessions).toBe(1)
  })
})

const PIXEL = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGNgYPgPAAEDAQAIicLsAAAAAElFTkSuQmCC',
  'base64'
)

describe('a job that nobody wants any more', () => {
  it('is stopped in its own session, and nobody else’s', async () => {
    await start()
    swarm.server.control({ hold: 'step' })
    const abort = new AbortController()
    const runs = [createTestRun({ signal: abort.signal }), createTestRun()] as const
    const [mine, other] = [generate({ seed: 1 }, { run: runs[0] }), generate({ seed: 2 }, { run: runs[1] })]
    const rejected = expect(mine).rejects.toThrow('enough')
    await until(() => statuses().length === 2 && statuses().includes('working'))
    await until(() => runs.some(({ begun }) => begun > 0))
    expect(runs.map(({ begun }) => Math.min(begun, 1)).toSorted()).toEqual([0, 1])
    abort.abort(new Error('enough'))
    await rejected
    await until(() => statuses().includes('interrupted'))
    swarm.server.control({ hold: false })
    expect((await other).seed).toBe(2)
    expect(statuses().toSorted()).toEqual(['done', 'interrupted'])
    expect(swarm.server.state().interrupts.every(({ others }) => !others)).toBe(true)
  })

  it('is stopped while it waits for a backend', async () => {
    await start()
    swarm.server.control({ hold: 'queue' })
    const abort = new AbortController()
    const rejected = expect(generate({}, { signal: abort.signal })).rejects.toThrow('enough')
    await until(() => statuses().includes('waiting'))
    abort.abort(new Error('enough'))
    await rejected
    await until(() => statuses()[0] === 'interrupted')
  })

  it('is told so again when the server had not begun to listen', async () => {
    await start()
    swarm.server.control({ hold: 'step', deaf: true })
    const abort = new AbortController()
    const rejected = expect(generate({}, { signal: abort.signal })).rejects.toThrow('enough')
    await until(() => statuses().includes('working'))
    abort.abort(new Error('enough'))
    await rejected
    await until(() => swarm.server.state().interrupts.length === 1)
    swarm.server.control({ deaf: false })
    await until(() => statuses()[0] === 'interrupted')
    swarm.server.control({ hold: false })
    expect((await generate()).seed).toBe(7)
  })
})

describe('a model that is to be loaded', () => {
  const warm = (model: string, signal = new AbortController().signal) => swarm.engine.warm!(model, signal)

  it('is, by its whole name', async () => {
    await start()
    expect(await warm('flux1-dev')).toBe('warmed')
    expect(swarm.server.state()).toMatchObject({ loaded: ['flux1-dev.safetensors'], jobs: [] })
    await expect(warm('flux1')).rejects.toMatchObject({ fault: 'model_missing' })
  })

  it('is not said to be when the server has not loaded it, or may not be told to', async () => {
    await start()
    swarm.server.control({ loadsNothing: true })
    await expect(warm('flux1-dev')).rejects.toMatchObject({ fault: 'crashed' })
    await swarm.server.close()
    await start({ mayNotLoad: true })
    await expect(warm('flux1-dev')).rejects.toMatchObject({ fault: 'unreachable' })
  })

  it('is no longer waited for after an abort', async () => {
    await start()
    swarm.server.control({ loads: true })
    const abort = new AbortController()
    const warming = warm('flux1-dev', abort.signal)
    abort.abort(new Error('an image'))
    await expect(warming).rejects.toThrow('an image')
    swarm.server.control({ loads: false })
  })
})
