import { describe, expect, it } from 'vitest'
import { FAKE_INVOKE_MODELS } from '../../../tests/support/fake-invokeai.ts'
import { useInvokeEngine } from '../../../tests/support/invokeai-engine.ts'
import { startScriptedServer } from '../../../tests/support/scripted-server.ts'
import { waitFor } from '../../../tests/support/wait-for.ts'
import { createInvokeEngine } from './invokeai-engine.ts'

const invoke = useInvokeEngine()
const { start, generate, failing } = invoke
const describeServer = () => invoke.engine.describe(new AbortController().signal)

describe('a version of InvokeAI', () => {
  it.each([
    ['denoise_latents', "it has no node 'denoise_latents'"],
    ['denoise_latents.denoising_start', "its node 'denoise_latents' has no 'denoising_start'"],
    ['main_model_loader.unet', "its node 'main_model_loader' gives no 'unet'"],
    ['compel.clip', "its node 'compel' has no 'clip'"],
    ['item_ids', 'it does not tell the ids of what it queues'],
    ['/api/v1/images/upload', 'it has no /api/v1/images/upload']
  ])('without %s is told in one sentence, and nothing is sent to it', async (lack, what) => {
    await start({ version: '7.0.0', lacks: [lack] })
    await failing().toMatchObject({
      fault: 'unreachable',
      message: `This version of InvokeAI (7.0.0) is not one that is understood here: ${what}.`
    })
    expect(invoke.server.state()).toMatchObject({ graphs: [], images: [] })
  })

  it('lacks only what an image needs', async () => {
    await start({ lacks: ['flux_denoise', 'create_denoise_mask', 'l2i.fp32', 'denoise_latents.denoise_mask'] })
    expect((await generate()).seed).toBe(7)
    await failing({ model: 'flux-dev' }).toMatchObject({ fault: 'unreachable' })
  })

  it('is read once', async () => {
    await start()
    await generate()
    await generate()
    expect(invoke.server.state().calls.filter((call) => call === 'GET /openapi.json')).toHaveLength(1)
  })
})

describe('a model', () => {
  it.each(['key-of-fake-image', 'blake3:fake-image', 'fake-image', 'Fake-Image'])('is chosen by %s', async (model) => {
    await start()
    await generate({ model })
    expect(invoke.node('main_model_loader')).toMatchObject({ model: { key: 'key-of-fake-image' } })
  })

  it.each([
    ['fake', 'The image server lacks the model.'],
    ['detail', 'The image server lacks the model.'],
    ['twice', 'The image server has several models of that name: served_as must be the key of one.'],
    ['qwen', "Models of InvokeAI of the kind 'qwen-image' are not driven here."]
  ])('%s is not', async (model, message) => {
    await start()
    await failing({ model }).toMatchObject({ fault: 'model_missing', message })
  })
})

describe('an item that failed', () => {
  it.each([
    ['OutOfMemoryError', 'CUDA out of memory. Tried to allocate 2.00 GiB', 'out_of_memory'],
    ['RuntimeError', 'MPS backend out of memory', 'out_of_memory'],
    ['UnknownModelException', 'model not found', 'model_missing'],
    ['FileNotFoundError', "[Errno 2] No such file or directory: '/home/jo/x.safetensors'", 'model_missing'],
    ['ValueError', 'it broke', 'crashed'],
    ['', '', 'crashed']
  ])('with %s: %s is %s', async (type, message, fault) => {
    await start()
    invoke.server.control({ failItem: { type, message } })
    await failing().toMatchObject({ fault, message: expect.not.stringMatching(/jo/) })
  })
})

describe('an account', () => {
  const account = { email: 'jo@example.com', password: 'pass:word' }

  it('is signed in with its password, again when that has expired', async () => {
    await start({ account }, { apiKey: 'jo@example.com:pass:word' })
    expect((await generate()).run.progress).toHaveLength(4)
    await generate()
    expect(invoke.server.state().tokens).toHaveLength(1)
    invoke.server.control({ expireTokens: true })
    expect((await generate()).seed).toBe(7)
    expect(invoke.server.state().tokens).toHaveLength(2)
  })

  it('that is wanted and not right is told, without its password', async () => {
    await start({ account }, { apiKey: 'jo@example.com:wrong' })
    await failing().toMatchObject({ fault: 'unreachable', message: 'The image server refused its account.' })
    await expect(describeServer()).rejects.toMatchObject({ message: expect.not.stringContaining('wrong') })
  })

  it('may be a token', async () => {
    await start({ account }, { apiKey: 'some-token' })
    await failing().toMatchObject({ fault: 'unreachable' })
    await invoke.engine.close?.()
  })

  it('gets its password sent to InvokeAI alone, whatever answers at its address', async () => {
    await start()
    for (const answer of [
      { status: 401, json: {} },
      { status: 401, html: 'no' }
    ]) {
      const other = await startScriptedServer({ '*': answer })
      const engine = createInvokeEngine({
        baseUrl: other.url,
        apiKey: 'jo@example.com:pass:word',
        maxImageBytes: 1000,
        models: []
      })
      await expect(engine.describe(new AbortController().signal)).rejects.toMatchObject({ fault: 'unreachable' })
      expect(JSON.stringify([other.headers, other.bodies])).not.toMatch(/jo@|pass:word/)
      await engine.close?.()
      await other.close()
    }
  })

  it('has secrets that nobody is told', async () => {
    await start({ account }, { apiKey: 'jo@example.com:pass:word' })
    invoke.server.control({ failItem: { type: 'x', message: 'it broke for pass:word and token-0-of-the-account' } })
    await failing().toMatchObject({ message: expect.not.stringMatching(/pass:word|token-0/) })
  })
})

describe('bounds', () => {
  it('hold for an image, at the limit and one past it', async () => {
    await start()
    const png = (await generate()).png
    const padded = (bytes: number) => Buffer.concat([png, Buffer.alloc(bytes - png.length)]).toString('base64')
    invoke.server.control({ image: padded(1_000_000) })
    expect((await generate()).png).toHaveLength(1_000_000)
    invoke.server.control({ image: padded(1_000_001) })
    await failing().toMatchObject({ fault: 'bad_output' })
  })

  it('hold for lists and names', async () => {
    await start()
    const named = (count: number) => ({
      models: Array.from({ length: count }, (_, index) => ({
        key: `k${index}`,
        name: `m${index}`,
        base: 'sd-1',
        type: 'main'
      }))
    })
    invoke.server.control({ models: named(20_000) })
    expect((await describeServer()).summary).toContain('models: 20000')
    invoke.server.control({ models: named(20_001) })
    expect((await describeServer()).summary).toContain('models: 20000')
    const model = (key: string) => ({ key, name: 'a', base: 'sd-1', type: 'main' })
    invoke.server.control({ models: { models: [model('x'.repeat(500)), model('y'.repeat(501)), null, 7, {}] } })
    expect((await describeServer()).models).toEqual(['a', 'x'.repeat(500)])
  })

  it.each([
    { default_settings: { steps: 1001, cfg_scale: 101, width: 63, height: 512, scheduler: 'x'.repeat(501), vae: 7 } },
    { default_settings: { steps: 0, cfg_scale: -1, width: 1e9, height: 1e9, scheduler: 'none' } },
    { default_settings: [] }
  ])('hold for what a model’s settings say: %j', async (more) => {
    await start({ models: [{ ...FAKE_INVOKE_MODELS[0], ...more }] })
    const image = await generate({ steps: undefined as never, size: undefined as never })
    expect(invoke.node('denoise_latents')).toMatchObject({ steps: 30, cfg_scale: 7.5 })
    expect(image.chosenSize).toEqual({ width: 512, height: 512 })
  })

  it.each([
    { session: { results: { p: { image: { image_name: '../../x' } } }, source_prepared_mapping: { decode: ['p'] } } },
    {
      session: {
        results: { p: { image: { image_name: 'a'.repeat(201) } } },
        source_prepared_mapping: { decode: ['p'] }
      }
    },
    { session: null },
    { session: { results: [], source_prepared_mapping: 'x' } }
  ])('hold for what an item says: %j', async (item) => {
    await start()
    invoke.server.control({ item })
    await failing().toMatchObject({ fault: 'bad_output' })
  })

  it.each([{}, { item_ids: [] }, { item_ids: ['1'] }, { item_ids: [-1] }, []])(
    'hold for what was queued: %j',
    async (enqueued) => {
      await start()
      invoke.server.control({ enqueued })
      await failing().toMatchObject({ fault: 'crashed' })
    }
  )

  it('hold for what is uploaded', async () => {
    await start({ maxUploadBytes: 10 })
    const inputs = [{ name: 'image0', mediaType: 'image/png', width: 128, height: 64 }]
    await expect(generate({ kind: 'edit', inputs }, { inputs: { image0: Buffer.alloc(100) } })).rejects.toMatchObject({
      fault: 'bad_output',
      message: expect.stringContaining('HTTP 413')
    })
  })
})

describe('the server', () => {
  it('is described with its version and the models that are driven', async () => {
    await start()
    const { models, summary } = await describeServer()
    expect(summary).toBe('InvokeAI 6.14.2 (models: 6)')
    expect(models).toEqual(expect.arrayContaining(['fake-image', 'key-of-fake-image', 'blake3:fake-image', 'flux-dev']))
    expect(models).not.toEqual(expect.arrayContaining(['qwen']))
  })

  it('tells what lies there, and which LoRAs go with which model', async () => {
    const sized = FAKE_INVOKE_MODELS.map((model, index) => ({ ...model, file_size: index === 0 ? 2 ** 31 : -1 }))
    await start({ models: sized }, { loras: 'any', models: [{ name: 'flux-dev', loras: ['Ink', 'detail'] }] })
    const { inventory } = await describeServer()
    expect(inventory?.models.slice(0, 2)).toEqual([
      { servedAs: 'fake-image', name: 'fake-image', bytes: 2 ** 31 },
      { servedAs: 'juggernaut', name: 'juggernaut' }
    ])
    expect(inventory?.loras).toEqual(['detail', 'ink'])
    const lorasFor = (model: string) => invoke.engine.lorasFor?.(model, inventory?.loras ?? [])
    expect(lorasFor('juggernaut')).toEqual(['detail'])
    expect(lorasFor('flux-dev')).toEqual(['Ink'])
    expect(lorasFor('key-of-schnell')).toEqual(['ink'])
    expect(lorasFor('nonsense')).toEqual([])
  })

  it('says which models of its lack what they need', async () => {
    await start({ models: [{ key: 'a', hash: 'b', name: 'flux', base: 'flux', type: 'main' }] })
    expect((await describeServer()).inventory?.models).toEqual([{ servedAs: 'flux', name: 'flux', isIncomplete: true }])
  })

  it.each([
    [{ json: { detail: 'Not Found' }, status: 404 }, 'unreachable'],
    [{ json: {} }, 'unreachable'],
    [{ html: '<html>login</html>' }, 'unreachable'],
    [{ html: '<html>nginx</html>', status: 502 }, 'unreachable'],
    [{ html: '<html>nginx</html>', status: 500 }, 'crashed'],
    [{ json: {}, status: 401 }, 'unreachable'],
    [{ json: { version: '6.0' } }, 'unreachable']
  ])('that answers %j is none of these', async (answer, fault) => {
    await start()
    const other = await startScriptedServer({ '*': answer })
    const engine = createInvokeEngine({ baseUrl: other.url, maxImageBytes: 1000, models: [] })
    await expect(engine.describe(new AbortController().signal)).rejects.toMatchObject({ fault })
    await engine.close?.()
    await other.close()
  })

  it('that refuses what it is sent is the machine’s fault', async () => {
    await start({ models: [{ ...FAKE_INVOKE_MODELS[0] }] })
    invoke.server.control({ item: { status: 'unheard of' } })
    await failing().toMatchObject({ fault: 'crashed' })
    await waitFor(async () => invoke.server.state().statuses.length === 0)
  })
})
