import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import sharp from 'sharp'
import { afterEach, describe, expect, it } from 'vitest'
import { createTestRun } from '../../../tests/support/engine-run.ts'
import { CHANGE_COLOUR, pixelAt, readPixels } from '../../../tests/support/fake-openai-pictures.ts'
import {
  type FakeOpenAIOptions,
  type FakeOpenAIServer,
  startFakeOpenAIServer
} from '../../../tests/support/fake-openai-server.ts'
import type { ImageTask, Size, TaskInput } from '../../images/image-request.ts'
import type { SizeRules } from '../../images/sizes.ts'
import type { Engine } from '../engine.ts'
import { createOpenAIEngine } from './openai-engine.ts'
import type { ServerProfile } from './profiles.ts'

const WIDTH = 16
const HEIGHT = 16
const BLUE = [20, 60, 200]
const PROMPT = 'make\nit "blue"\r\nÄ'

let server: FakeOpenAIServer
let engine: Engine
afterEach(async () => {
  await engine.close?.()
  await server.close()
})

const start = async (fake: FakeOpenAIOptions = {}, profile: Partial<ServerProfile> = {}): Promise<void> => {
  server = await startFakeOpenAIServer(fake)
  engine = createOpenAIEngine({ baseUrl: server.url, maxImageBytes: 1_000_000, profile })
}

const blue = (): Promise<Buffer> => {
  const [r, g, b] = BLUE
  return sharp({ create: { width: WIDTH, height: HEIGHT, channels: 3, background: { r: r!, g: g!, b: b! } } })
    .png()
    .toBuffer()
}

/** Canonical, opaque: the left half is to change, the next column half of it. */
const mask = (): Promise<Buffer> => {
  const row = [...Array<number>(8).fill(255), 100, ...Array<number>(7).fill(0)]
  const raw = { width: WIDTH, height: HEIGHT, channels: 1 as const }
  const rows = Buffer.from(Array<number[]>(HEIGHT).fill(row).flat())
  return sharp(rows, { raw }).toColourspace('b-w').png().toBuffer()
}

const work = async (names: string[], more: Partial<ImageTask> = {}) => {
  const inputs: TaskInput[] = names.map((name) => ({ name, mediaType: 'image/png', width: WIDTH, height: HEIGHT }))
  const task: ImageTask = { kind: 'edit', model: 'fake-image', prompt: PROMPT, seed: 3, inputs, extra: {}, ...more }
  const run = createTestRun({ inputs: { image0: await blue(), image1: await blue(), mask: await mask() } })
  const image = await engine.generate(task, run)
  return { ...image, pixels: await readPixels(await buffer(image.bytes)) }
}

const files = () => server.requests.at(-1)!.form!.files

describe('an edit', () => {
  it('arrives as a form with its fields and bytes unchanged', async () => {
    await start()
    await work(['image0'], {
      size: { width: 32, height: 16 },
      steps: 4,
      strength: 0.5,
      extra: { user_id: 5, svg: { model: 'm' }, tags: ['a'], none: null }
    })
    expect(server.requests[0]).toMatchObject({ method: 'POST', path: '/v1/images/edits' })
    expect(server.requests[0]!.form!.fields).toEqual({
      model: 'fake-image',
      prompt: PROMPT,
      n: '1',
      size: '32x16',
      seed: '3',
      steps: '4',
      strength: '0.5',
      user_id: '5',
      'svg[model]': 'm',
      'tags[]': 'a',
      response_format: 'b64_json'
    })
    expect(files()).toEqual([{ field: 'image', filename: 'image0.png', mediaType: 'image/png', bytes: await blue() }])
  })

  it('has the bytes of its files sent from where they lie, without a copy', async () => {
    await start()
    const bytes = await blue()
    const sent: (string | readonly Uint8Array[] | undefined)[] = []
    const sending = createOpenAIEngine({
      baseUrl: server.url,
      maxImageBytes: 1_000_000,
      fetch: (_url, { body }) => {
        sent.push(body)
        return Promise.reject(new Error('enough seen'))
      }
    })
    const inputs = [{ name: 'image0', mediaType: 'image/png', width: WIDTH, height: HEIGHT }]
    const task: ImageTask = { kind: 'edit', model: 'fake-image', prompt: PROMPT, seed: 3, inputs, extra: {} }
    const run = { ...createTestRun(), input: async () => Readable.from([bytes]) }
    await expect(sending.generate(task, run)).rejects.toThrow()
    await sending.close?.()
    expect(sent).toHaveLength(1)
    expect([...sent[0]!].filter((piece) => piece === bytes)).toHaveLength(1)
  })

  it('names several images image[] and keeps their order', async () => {
    await start()
    await work(['image0', 'image1', 'mask'])
    expect(files().map(({ field, filename }) => [field, filename])).toEqual([
      ['image[]', 'image0.png'],
      ['image[]', 'image1.png'],
      ['mask', 'mask.png']
    ])
  })

  it.each([
    ['image', ['image0', 'image1']],
    ['image[]', ['image0']]
  ] as const)('names them %s by profile', async (editsField, names) => {
    await start({}, { editsField })
    await work([...names])
    expect(files().map(({ field }) => field)).toEqual(names.map(() => editsField))
  })

  it('sends its files again when response_format was refused', async () => {
    await start()
    server.setBehaviour({ default: 'refuses_format_422' })
    await work(['image0'])
    expect(server.requests.map(({ form }) => [form!.fields.response_format, form!.files.length])).toEqual([
      ['b64_json', 1],
      [undefined, 1]
    ])
  })

  it("of OpenAI's own models holds no seed", async () => {
    await start()
    const image = await work(['image0'], { model: 'gpt-image-1', steps: 3 })
    expect(server.requests[0]!.form!.fields).toEqual({ model: 'gpt-image-1', prompt: PROMPT, n: '1' })
    expect(image.seed).toBeNull()
    expect(image.warnings).toEqual(["'steps' is not supported by gpt-image-1 and was not sent."])
  })
})

describe('an edit without a size', () => {
  const edit = (size: Size, more: Partial<ImageTask> = {}) =>
    engine.generate(
      {
        ...{ kind: 'edit', model: 'fake-image', prompt: PROMPT, seed: 3, extra: {} },
        inputs: [{ name: 'image0', mediaType: 'image/png', ...size }],
        ...more
      },
      createTestRun({ inputs: { image0: new Uint8Array(8) } })
    )
  const asked = () => server.requests.map(({ form }) => form!.fields.size)
  const begin = async (sizes: Partial<SizeRules> = {}) => {
    server = await startFakeOpenAIServer()
    server.setBehaviour({ default: { name: 'custom', body: { data: [{ b64_json: 'AAAA' }] } } })
    engine = createOpenAIEngine({ baseUrl: server.url, maxImageBytes: 1_000_000, sizes })
  }
  const PHOTO = { width: 4032, height: 3024 }

  it.each([
    [PHOTO, {}, '2304x1728'],
    [{ width: 1023, height: 767 }, {}, '1024x768'],
    [PHOTO, { maxPixels: 1_000_000 }, '1152x864'],
    [PHOTO, { maxPixels: 1_000_000, multipleOf: 64 }, '1152x832'],
    [{ width: 1023, height: 767 }, { multipleOf: 1 }, '1023x767']
  ])('of %o by rules %o asks for %s', async (size, rules, wanted) => {
    await begin(rules)
    const { chosenSize } = await edit(size)
    expect(asked()).toEqual([wanted])
    expect(`${chosenSize?.width}x${chosenSize?.height}`).toBe(wanted)
  })

  it('keeps below a limit of the gateway', async () => {
    await begin()
    await edit({ width: 6000, height: 4000 }, { size: { width: 5016, height: 3344 }, unasked: ['size'] })
    await edit({ width: 6000, height: 4000 }, { size: { width: 600, height: 400 }, unasked: ['size'] })
    expect(asked()).toEqual(['2448x1632', '608x400'])
  })

  it('leaves it out where the server refuses it, and keeps one that the caller named', async () => {
    await begin()
    const refusal = { error: { message: "Invalid size '2304x1728'", param: 'size' } }
    server.setBehaviour({ queue: [{ name: 'custom', status: 400, body: refusal }] })
    expect(await edit(PHOTO)).not.toHaveProperty('chosenSize')
    expect(await edit(PHOTO, { size: PHOTO })).not.toHaveProperty('chosenSize')
    expect(await edit(PHOTO, { model: 'gpt-image-1' })).not.toHaveProperty('chosenSize')
    expect(asked()).toEqual(['2304x1728', undefined, '4032x3024', undefined])
  })
})

describe('a mask', () => {
  it.each([
    ['alpha', 'openai-alpha'],
    ['white', 'openai-alpha'],
    ['white', 'white-edit']
  ] as const)('changes the white part on a server that reads %s, sent as %s', async (maskReading, mode) => {
    await start({ maskReading }, { mask: mode })
    const { pixels } = await work(['image0', 'mask'])
    expect([0, 7, 8, 15].map((x) => pixelAt(pixels, x, 2))).toEqual([
      [...CHANGE_COLOUR],
      [...CHANGE_COLOUR],
      BLUE,
      BLUE
    ])
  })

  it('is sent to OpenAI as RGBA with alpha 255 − mask, as PNG of the same size', async () => {
    await start()
    await work(['image0', 'mask'])
    const { bytes, mediaType } = files()[1]!
    const { data, info } = await sharp(bytes).raw().toBuffer({ resolveWithObject: true })
    expect(info).toMatchObject({ width: WIDTH, height: HEIGHT, channels: 4 })
    expect([0, 8, 15].map((x) => [...data.subarray(x * 4, x * 4 + 4)])).toEqual([
      [255, 255, 255, 0],
      [100, 100, 100, 155],
      [0, 0, 0, 255]
    ])
    expect([mediaType, (await sharp(bytes).metadata()).format]).toEqual(['image/png', 'png'])
  })

  it('is sent as it is where white means change', async () => {
    await start({ maskReading: 'white' }, { mask: 'white-edit' })
    await work(['image0', 'mask'])
    expect(files()[1]!.bytes).toEqual(await mask())
  })
})

describe('a variation', () => {
  it('goes to the server that has them', async () => {
    await start()
    const { warnings } = await work(['image0'], { kind: 'variation', prompt: '', size: { width: 32, height: 32 } })
    expect(server.requests.map(({ path }) => path)).toEqual(['/v1/images/variations'])
    expect(server.requests[0]!.form!.fields).toEqual({
      model: 'fake-image',
      n: '1',
      size: '32x32',
      seed: '3',
      response_format: 'b64_json'
    })
    expect(files().map(({ field }) => field)).toEqual(['image'])
    expect(warnings).toEqual([])
  })

  it('becomes an edit where there are none, and says so', async () => {
    await start({ routes: ['edits'] })
    const { warnings } = await work(['image0'], { kind: 'variation', prompt: '' })
    expect(server.requests.map(({ path }) => path)).toEqual(['/v1/images/variations', '/v1/images/edits'])
    expect(server.requests[1]!.form!.fields.prompt).toBe('A variation of this image')
    expect(warnings).toEqual(['This model has no variations of its own: an image-to-image pass was made instead.'])
  })

  it('that becomes an edit keeps its prompt and its strength', async () => {
    await start({ routes: ['edits'] })
    await work(['image0'], { kind: 'variation', prompt: 'in the snow', strength: 0.9 })
    expect(server.requests[1]!.form!.fields).toMatchObject({ prompt: 'in the snow', strength: '0.9' })
    await work(['image0'], { kind: 'variation', prompt: '' })
    expect(server.requests[3]!.form!.fields).toMatchObject({ prompt: 'A variation of this image', strength: '0.5' })
  })

  it.each([404, 405, 501])('becomes an edit after HTTP %i', async (status) => {
    await start()
    server.setBehaviour({ queue: [{ name: 'custom', status, body: { error: 'File not found' } }] })
    expect((await work(['image0'], { kind: 'variation' })).warnings).toHaveLength(1)
  })

  it('does not become one when the model is what is missing', async () => {
    await start({ knownModels: ['other'] })
    await expect(work(['image0'], { kind: 'variation' })).rejects.toMatchObject({ fault: 'model_missing' })
    expect(server.requests).toHaveLength(1)
  })
})
