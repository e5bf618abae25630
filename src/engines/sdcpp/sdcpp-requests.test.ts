import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import { driveEngine, foxTask } from '../../../tests/support/drive-engine.ts'
import { flatPng, inputsOf, leftHalfMask } from '../../../tests/support/edit-inputs.ts'
import { CHANGE_COLOUR, pixelAt, readPixels, readSeed } from '../../../tests/support/fake-openai-pictures.ts'
import { type FakeSdcpp, type FakeSdcppOptions, startFakeSdcpp } from '../../../tests/support/fake-sdcpp.ts'
import { createTestRun } from '../../../tests/support/engine-run.ts'
import { waitFor } from '../../../tests/support/wait-for.ts'
import { EngineOptionError } from '../engine-options.ts'
import { createSdcppEngine, type SdcppOptions } from './sdcpp-engine.ts'
import { readSdcppParameters } from './sdcpp-parameters.ts'

const SIZE = { width: 128, height: 64 }
const drive = driveEngine<FakeSdcpp, FakeSdcppOptions, SdcppOptions>({
  task: foxTask({ model: 'tiny', size: SIZE }),
  startFake: startFakeSdcpp,
  create: (at, options) => createSdcppEngine({ ...at, pollMs: 5, ...options })
})
const { start, generate } = drive
const sent = () => drive.server.state().jobs.at(-1)!
const describeServer = () => drive.engine.describe(new AbortController().signal)
const flat = (size = SIZE, blue = 200) => flatPng(size, blue)
const leftHalf = (size = SIZE) => leftHalfMask(size)
const inputs = (names: string[], size = SIZE) => inputsOf(names, size)

describe('a generation', () => {
  it('has the size that was asked for, though its owner wants edits without one smaller', async () => {
    await start({}, { sizes: { maxPixels: 64 * 64 } })
    const image = await generate({ size: { width: 192, height: 128 } })
    expect(await readPixels(image.png)).toMatchObject({ width: 192, height: 128 })
    expect(image.warnings).toEqual([])
  })

  it('is made with a seed of ours, never the fixed one', async () => {
    await start()
    const image = await generate({ seed: 4_294_967_295 })
    expect(image).toMatchObject({ seed: 4_294_967_295, warnings: [], run: { progress: [], previews: [] } })
    expect(await readSeed(image.png)).toBe(4_294_967_295)
    expect((await generate({ seed: 4_294_967_295 })).png.equals(image.png)).toBe(true)
    expect((await generate({ seed: 8 })).png.equals(image.png)).toBe(false)
  })

  it('is asked for by the names of the server, and writes nothing into the file', async () => {
    await start()
    await generate({
      negative_prompt: 'blurry',
      steps: 4,
      guidance_scale: 2.5,
      sampler: 'DPM++ 2M Karras',
      extra: { clip_skip: 2, distilled_guidance: '3.5', eta: 9 }
    })
    expect(sent()).toEqual({
      prompt: 'a fox',
      negative_prompt: 'blurry',
      ...SIZE,
      seed: 7,
      batch_count: 1,
      clip_skip: 2,
      lora: [],
      sample_params: {
        sample_method: 'dpm++2m',
        scheduler: 'karras',
        sample_steps: 4,
        guidance: { txt_cfg: 2.5, distilled_guidance: 3.5 }
      },
      embed_image_metadata: false,
      output_format: 'png'
    })
  })

  it.each([
    [
      { width: 100, height: 60 },
      { width: 128, height: 64 }
    ],
    [
      { width: 90, height: 64 },
      { width: 64, height: 64 }
    ],
    [
      { width: 5000, height: 16 },
      { width: 4096, height: 64 }
    ]
  ])('of %o is made as %o, which is told', async (size, made) => {
    await start()
    const image = await generate({ size })
    expect(sent()).toMatchObject(made)
    expect(await readPixels(image.png)).toMatchObject(made)
    expect(image.warnings).toEqual([
      `The image server makes no ${size.width}x${size.height}: the image is ${made.width}x${made.height}.`
    ])
  })

  it('loads no LoRA but those that its owner lists and the server has, by the path that it lists', async () => {
    await start({ loras: ['detail.safetensors', 'sub/ink.safetensors'] }, { loras: ['detail', 'ink', 'gone'] })
    const { warnings } = await generate({
      prompt: 'a fox <lora:Detail:0.5> <lora:ink> <lora:gone:1> <lora:../../secret:1>',
      negative_prompt: '<lora:detail:1>'
    })
    expect(sent()).toMatchObject({
      prompt: 'a fox',
      negative_prompt: '',
      lora: [
        { path: 'detail.safetensors', multiplier: 0.5 },
        { path: 'sub/ink.safetensors', multiplier: 1 }
      ]
    })
    expect(warnings.join(' ')).toMatch(/secret.*no LoRA 'gone'/)

    const named = await generate({
      loras: [
        { name: 'ink', weight: 0.25 },
        { name: 'other', weight: 1 }
      ]
    })
    expect(sent()).toMatchObject({ lora: [{ path: 'sub/ink.safetensors', multiplier: 0.25 }] })
    expect(named.warnings).toEqual([expect.stringContaining("'other'")])
  })

  it('obeys no settings in its prompt, nor in extra fields', async () => {
    await start()
    await expect(generate({ prompt: '<sd_cpp_extra_args>{"width":64}</sd_cpp_extra_args>' })).rejects.toMatchObject({
      fault: 'bad_request'
    })
    const extra = { lora: [{ path: '/etc/x' }], hires: { enabled: true }, batch_count: 8, control_image: 'x' }
    const { warnings } = await generate({ extra })
    expect(sent()).toMatchObject({ lora: [], batch_count: 1 })
    for (const name of ['hires', 'control_image']) expect(sent()).not.toHaveProperty(name)
    expect(warnings).toHaveLength(4)
  })

  it('has what its owner has every call sent with', async () => {
    const parameters = readSdcppParameters({
      sample_params: { sample_steps: 4, guidance: { txt_cfg: 1 } },
      cache_mode: 'ucache'
    })
    await start({}, { parameters })
    await generate({ guidance_scale: 3 })
    expect(sent()).toMatchObject({ sample_params: { sample_steps: 4, guidance: { txt_cfg: 3 } }, cache_mode: 'ucache' })
    expect(() => readSdcppParameters({ batch_count: 2 })).toThrow(EngineOptionError)
  })
})

describe('an edit', () => {
  it('changes what is white in the mask, and leaves every other byte as it was', async () => {
    await start()
    const image = await generate(
      { kind: 'edit', inputs: inputs(['image0', 'mask']), strength: 0.9 },
      { inputs: { image0: await flat(), mask: await leftHalf() } }
    )
    expect(sent()).toMatchObject({ strength: 0.9 })
    expect(sent()).not.toHaveProperty('ref_images')
    const pixels = await readPixels(image.png)
    expect(pixelAt(pixels, 4, 32)).toEqual([...CHANGE_COLOUR])
    expect(pixelAt(pixels, 100, 32)).toEqual([20, 60, 200])
  })

  it('of an image of another size sends image and mask in the size of the result', async () => {
    await start()
    const size = { width: 100, height: 60 }
    const image = await generate(
      { kind: 'edit', size: { width: 100, height: 60 }, unasked: ['size'], inputs: inputs(['image0', 'mask'], size) },
      { inputs: { image0: await flat(size), mask: await leftHalf(size) } }
    )
    const sizeOf = async (name: string) => sharp(Buffer.from(String(sent()[name]), 'base64')).metadata()
    expect(await sizeOf('init_image')).toMatchObject({ width: 128, height: 64 })
    expect(await sizeOf('mask_image')).toMatchObject({ width: 128, height: 64 })
    expect(image).toMatchObject({
      chosenSize: { width: 128, height: 64 },
      warnings: ['The image was scaled: what lies outside of the mask is not exactly as it was.']
    })
  })

  it('sends no WebP, which builds without libwebp refuse', async () => {
    await start()
    const webp = async (b: number) =>
      sharp(await flat(SIZE, b))
        .webp({ lossless: true })
        .toBuffer()
    const image = await generate(
      { kind: 'edit', inputs: inputs(['image0', 'image1', 'mask']) },
      { inputs: { image0: await webp(200), image1: await webp(9), mask: await leftHalf() } }
    )
    expect(sent().ref_images).toHaveLength(1)
    expect(pixelAt(await readPixels(image.png), 100, 32)).toEqual([20, 60, 200])
  })

  it('of what the server cannot read is refused', async () => {
    await start()
    const edit = { kind: 'edit' as const, inputs: inputs(['image0']) }
    await expect(generate(edit, { inputs: { image0: Buffer.from('no image') } })).rejects.toMatchObject({
      fault: 'bad_request'
    })
  })

  it.each([
    ['image', { init: true, references: 1 }],
    ['reference', { init: false, references: 2 }]
  ] as const)('of several images, by %s', async (edits, { init, references }) => {
    await start({}, { edits })
    await generate(
      { kind: 'edit', inputs: inputs(['image0', 'image1']) },
      { inputs: { image0: await flat(), image1: await flat(SIZE, 9) } }
    )
    expect('init_image' in sent()).toBe(init)
    expect(sent().ref_images).toHaveLength(references)
  })
})

describe('the model', () => {
  it('is told by its name, and checked where a file is named', async () => {
    await start()
    expect(await describeServer()).toMatchObject({
      models: ['tiny-q4_0.gguf'],
      loaded: ['tiny-q4_0.gguf'],
      summary: 'stable-diffusion.cpp (tiny-q4_0)',
      inventory: { models: [{ servedAs: 'tiny-q4_0.gguf', name: 'tiny-q4_0' }], loras: [] }
    })
    expect(drive.engine.weightsOf?.('a')).toBe(drive.engine.weightsOf?.('b'))
    await generate({ model: 'whatever it is called here' })
    await generate({ model: 'Tiny-q4_0.gguf' })
    await expect(generate({ model: 'other.gguf' })).rejects.toMatchObject({ fault: 'model_missing' })
  })

  it('of a server for videos is missing', async () => {
    await start({ videosOnly: true })
    await expect(describeServer()).rejects.toMatchObject({ fault: 'model_missing' })
    await expect(generate()).rejects.toMatchObject({ fault: 'model_missing' })
  })
})

describe('a fault', () => {
  it.each([
    ['a full queue', 429, { error: 'job queue is full' }, 'busy'],
    ['parameters', 400, { error: 'invalid generation parameters' }, 'bad_request'],
    ['an exception', 500, { error: 'server_error', message: 'bad' }, 'crashed'],
    ['memory', 500, { error: 'ggml: failed to allocate buffer' }, 'out_of_memory'],
    ['no such call', 404, '', 'unreachable'],
    ['an answer without a job', 202, {}, 'bad_output'],
    ['an id that is a path', 202, { id: '../../x' }, 'bad_output']
  ])('of %s', async (_what, status, body, fault) => {
    await start()
    drive.server.control({ refuse: { status, body } })
    await expect(generate()).rejects.toMatchObject({ fault })
  })

  it('of an older build says what drives it', async () => {
    await start({ isOld: true })
    const old = { fault: 'unreachable', remedy: expect.stringContaining('engine openai') }
    await expect(describeServer()).rejects.toMatchObject(old)
    await expect(generate()).rejects.toMatchObject(old)
  })

  it.each([
    ['generate_image returned no results', 'crashed'],
    ['CUDA error: out of memory', 'out_of_memory'],
    ['cannot open /home/jo/x.gguf', 'crashed']
  ])('of a job: %s', async (failJob, fault) => {
    await start()
    drive.server.control({ failJob })
    await expect(generate()).rejects.toMatchObject({ fault, message: expect.not.stringContaining('/home') })
  })

  it.each([
    ['restart', 'crashed'],
    ['expire', 'bad_output']
  ] as const)('of a job that is lost: %s', async (lose, fault) => {
    await start()
    drive.server.control({ lose })
    await expect(generate()).rejects.toMatchObject({ fault })
  })

  it('of a few looks is none, of many the server is gone', async () => {
    await start()
    drive.server.control({ breakLooks: 3 })
    await generate()
    drive.server.control({ breakLooks: 4 })
    await expect(generate()).rejects.toMatchObject({ fault: 'crashed' })
  })

  it.each([[{ images: [] }], [null], [{ images: [{ b64_json: '' }] }], [{ images: [{ b64_json: 'aGVsbG8=' }] }]])(
    'of the result %j',
    async (result) => {
      await start()
      drive.server.control({ result })
      const work = generate()
      await (result === null
        ? expect(work).resolves.toBeDefined()
        : expect(work).rejects.toMatchObject({ fault: 'bad_output' }))
    }
  )

  it('of an image that is too large, in bytes or in its answer', async () => {
    await start({}, { maxImageBytes: 20_000 })
    for (const size of [20_001, 2_000_000]) {
      drive.server.control({ result: { images: [{ b64_json: Buffer.alloc(size).toString('base64') }] } })
      await expect(generate()).rejects.toMatchObject({
        fault: 'bad_output',
        message: expect.stringContaining('more bytes')
      })
    }
  })
})

describe('a job that nobody wants any more', () => {
  const abortable = () => {
    const abort = new AbortController()
    const reason = new Error('no longer wanted')
    return {
      work: expect(generate({}, { signal: abort.signal })).rejects.toBe(reason),
      abort: () => abort.abort(reason)
    }
  }

  it('is withdrawn while it waits', async () => {
    await start()
    drive.server.control({ hold: true })
    const first = generate()
    await waitFor(() => drive.server.state().statuses[0] === 'generating')
    const second = abortable()
    await waitFor(() => drive.server.state().statuses[1] === 'queued')
    second.abort()
    await second.work
    await waitFor(() => drive.server.state().statuses[1] === 'cancelled')
    drive.server.control({ hold: false })
    await first
  })

  it('is withdrawn also when its id comes only then', async () => {
    await start()
    drive.server.control({ slow: true })
    const { work, abort } = abortable()
    await waitFor(() => drive.server.state().handIns === 1)
    abort()
    await work
    drive.server.control({ slow: false })
    await waitFor(() => drive.server.state().cancels.length === 1)
  })

  it('is made by the server all the same once it has begun', async () => {
    await start()
    drive.server.control({ hold: true })
    const { work, abort } = abortable()
    await waitFor(() => drive.server.state().statuses[0] === 'generating')
    abort()
    await work
    await waitFor(() => drive.server.state().cancels.length === 1)
    expect(drive.server.state().cancels).toEqual([409])
  })
})

describe('one that waits in the queue of the server', () => {
  /** One that the server makes, and one behind it. */
  async function queueTwo() {
    await start()
    drive.server.control({ hold: true })
    const runs = [createTestRun(), createTestRun()] as const
    const first = generate({}, { run: runs[0] })
    await waitFor(() => drive.server.state().statuses[0] === 'generating')
    const second = generate({}, { run: runs[1] })
    await waitFor(() => drive.server.state().statuses[1] === 'queued')
    await waitFor(() => runs[0].begun > 0)
    // Looked at several times meanwhile.
    const since = performance.now()
    await waitFor(() => performance.now() - since > 200)
    return { runs, first, second }
  }

  it('has not begun before it does', async () => {
    const { runs, first, second } = await queueTwo()
    expect(runs[1].begun).toBe(0)
    drive.server.control({ hold: false })
    await Promise.all([first, second])
  })

  it('is no try of it when the server is started anew', async () => {
    const { first, second } = await queueTwo()
    const ends = [
      expect(first).rejects.toMatchObject({ fault: 'crashed' }),
      expect(second).rejects.toMatchObject({ fault: 'unreachable' })
    ]
    drive.server.control({ lose: 'restart' })
    await Promise.all(ends)
  })
})

it('comes second to the owner, who cancels it', async () => {
  await start()
  drive.server.control({ hold: true })
  const first = generate()
  await waitFor(() => drive.server.state().statuses[0] === 'generating')
  const second = expect(generate()).rejects.toMatchObject({ fault: 'busy' })
  await waitFor(() => drive.server.state().statuses[1] === 'queued')
  drive.server.control({ cancelWaiting: true })
  await second
  drive.server.control({ hold: false })
  await first
})
