import { describe, expect, it } from 'vitest'
import { pixelAt, readPixels } from '../../../tests/support/fake-openai-pictures.ts'
import { plainPng } from '../../../tests/support/pictures.ts'
import { useSdapiEngine } from '../../../tests/support/sdapi-engine.ts'
import { encodeWhiteOnBlackPng } from '../../images/mask.ts'

const SIDES = { width: 64, height: 64 }
const world = useSdapiEngine()
const { start, generate, sent } = world
const describeServer = () => world.engine.describe(new AbortController().signal)
const missing = { name: 'EngineError', fault: 'model_missing' }

const CHECKPOINTS = [
  { file: 'dream.safetensors', hash: '0123456789' },
  { file: 'sub/other.safetensors', hash: 'aaaaaaaaaa' },
  { file: 'new.ckpt' }
]

describe('the checkpoint', () => {
  it('that is loaded is told with all that it may be called', async () => {
    await start({ checkpoints: CHECKPOINTS })
    const { loaded = [] } = await describeServer()
    expect(loaded).toContain('dream.safetensors [0123456789]')
    expect(loaded).toContain('dream')
    expect(loaded).not.toContain('other')
    await generate({ model: 'other' })
    // Its settings are as before, whatever it has loaded now.
    expect(await describeServer()).not.toHaveProperty('loaded')
  })

  it.each(['dream', 'dream.safetensors', 'dream.safetensors [0123456789]', '0123456789', 'DREAM'])(
    'may be called %j',
    async (model) => {
      await start({ checkpoints: CHECKPOINTS })
      await generate({ model })
      expect(sent().override_settings).toMatchObject({ sd_model_checkpoint: 'dream.safetensors [0123456789]' })
    }
  )

  it.each(['sub/other.safetensors', 'other', 'sub_other'])('in a folder may be called %j', async (model) => {
    await start({ checkpoints: CHECKPOINTS })
    await generate({ model })
    expect(sent().override_settings).toMatchObject({ sd_model_checkpoint: 'sub/other.safetensors [aaaaaaaaaa]' })
  })

  it('that the server lacks is not asked for, since it would use another one', async () => {
    await start({ checkpoints: CHECKPOINTS })
    await expect(generate({ model: 'drea' })).rejects.toMatchObject(missing)
    expect(world.server.state().calls).toEqual([])
  })

  it('whose name two files have is not guessed', async () => {
    await start({ checkpoints: [{ file: 'a/x.ckpt' }, { file: 'b/x.ckpt' }] })
    await expect(generate({ model: 'x' })).rejects.toMatchObject(missing)
    await generate({ model: 'b/x.ckpt' })
  })

  it.each([
    ['another file', { file: 'sub/other.safetensors' }, 'dream'],
    ['a file without a hash', { file: 'new.ckpt' }, 'dream'],
    ['a file in place of one without a hash', { file: 'dream.safetensors' }, 'new']
  ])('is checked in the answer: %s', async (_what, usesAnyway, model) => {
    await start({ checkpoints: CHECKPOINTS })
    world.server.control({ usesAnyway })
    await expect(generate({ model })).rejects.toMatchObject(missing)
  })

  it('that the answer does not tell is looked for once more', async () => {
    await start({ checkpoints: CHECKPOINTS })
    world.server.control({ usesAnyway: { file: 'dream.safetensors', silent: true } })
    await generate()
  })

  it('of the owner is in use again afterwards', async () => {
    await start({ checkpoints: CHECKPOINTS })
    await generate({ model: 'new' })
    expect(world.server.state().checkpoint).toBe('dream.safetensors')
  })

  it('is listed by every name that it may be called, and by no path', async () => {
    await start({ checkpoints: CHECKPOINTS })
    const { models, summary } = await describeServer()
    expect(models).toEqual(expect.arrayContaining(['dream', 'dream.safetensors', 'other', 'sub/other.safetensors']))
    expect(models.join()).not.toContain('/home')
    expect(summary).toBe('stable-diffusion-webui or its like (checkpoints: 3)')
  })
})

describe('an imitator', () => {
  it('without progress and info makes images', async () => {
    await start({ profile: 'koboldcpp' })
    expect(await describeServer()).toMatchObject({ models: expect.arrayContaining(['dream']) })
    const image = await generate({ sampler: 'euler' })
    expect(image).toMatchObject({ seed: 7, warnings: [], run: { progress: [], previews: [] } })
    await expect(generate({ model: 'other' })).rejects.toMatchObject(missing)
  })

  it('that refuses unknown fields gets those that it lists', async () => {
    await start({ profile: 'drawthings' })
    expect(await describeServer()).toMatchObject({
      models: ['dream.ckpt'],
      loaded: ['dream.ckpt'],
      summary: 'Draw Things'
    })
    const image = await generate({
      model: 'dream.ckpt',
      size: { width: 100, height: 130 },
      steps: 3,
      extra: { tiling: true }
    })
    expect(sent()).toEqual({
      prompt: 'a fox',
      negative_prompt: '',
      seed: 7,
      width: 128,
      height: 128,
      batch_count: 1,
      batch_size: 1,
      steps: 3
    })
    expect(image.warnings).toEqual([
      "'tiling' was not sent to the image server.",
      'The image server makes no 100x130: the image is 128x128.'
    ])
    await expect(generate({ model: 'another.ckpt' })).rejects.toMatchObject(missing)
  })
})

describe('an edit of an imitator', () => {
  const image0 = async () => plainPng(SIDES, [20, 60, 200])
  const edit = {
    kind: 'edit' as const,
    size: SIDES,
    inputs: ['image0', 'mask'].map((name) => ({ name, mediaType: 'image/png', ...SIDES }))
  }
  const white = Buffer.alloc(SIDES.width * SIDES.height)
  for (let y = 0; y < SIDES.height; y += 1) white.fill(255, y * SIDES.width, y * SIDES.width + 32)
  const mask = () => encodeWhiteOnBlackPng({ ...SIDES, pixels: white })

  it.each([
    ['koboldcpp', 'dream', true],
    ['drawthings', 'dream.ckpt', false]
  ] as const)('changes nothing outside of its mask: %s', async (profile, model, sendsMask) => {
    await start({ profile })
    const inputs = { image0: await image0(), mask: await mask() }
    const made = await readPixels((await generate({ ...edit, model }, { inputs })).png)
    expect('mask' in sent()).toBe(sendsMask)
    expect(pixelAt(made, 4, 32)).not.toEqual([20, 60, 200])
    for (const [x, y] of [
      [32, 0],
      [63, 63],
      [40, 30]
    ] as const) {
      expect(pixelAt(made, x, y)).toEqual([20, 60, 200])
    }
  })

  it('names no LoRAs of an app that takes none, whatever its owner lists', async () => {
    await start({ profile: 'drawthings' }, { loras: ['film'] })
    await describeServer()
    expect(world.engine.lorasFor?.('dream.ckpt', [])).toEqual([])
  })
})

describe('a model that is to be loaded', () => {
  const warm = (model: string, signal = new AbortController().signal) => world.engine.warm!(model, signal)

  it('is, and told as such', async () => {
    await start({ checkpoints: CHECKPOINTS })
    await describeServer()
    expect(await warm('other')).toBe('warmed')
    expect(world.server.state()).toMatchObject({ inMemory: 'sub/other.safetensors', calls: [] })
    expect((await describeServer()).loaded).toContain('other')
  })

  it('is when settings name it already, and something else has been loaded since', async () => {
    await start({ checkpoints: CHECKPOINTS })
    await generate({ model: 'new' })
    expect(world.server.state()).toMatchObject({ checkpoint: 'dream.safetensors', inMemory: 'new.ckpt' })
    expect(await warm('dream')).toBe('warmed')
    expect(world.server.state()).toMatchObject({ inMemory: 'dream.safetensors', saved: 0 })
    expect(sent()).toMatchObject({ steps: 1, width: 64, height: 64 })
  })

  it('is not said to be when the server kept another, or refuses it', async () => {
    await start({ checkpoints: CHECKPOINTS })
    world.server.control({ keepsSettings: true })
    await expect(warm('other')).rejects.toMatchObject(missing)
    await expect(warm('drea')).rejects.toMatchObject(missing)
  })

  it("waits for nobody: the owner's work goes first", async () => {
    await start({ checkpoints: CHECKPOINTS })
    world.server.control({ owners: true })
    await expect(warm('other')).rejects.toMatchObject({ fault: 'busy', message: expect.stringMatching(/owner/) })
    expect(world.server.state()).toMatchObject({ inMemory: 'dream.safetensors' })
  })

  it('is no longer waited for after an abort', async () => {
    await start({ checkpoints: CHECKPOINTS })
    world.server.control({ loads: true })
    const abort = new AbortController()
    const warming = warm('other', abort.signal)
    abort.abort(new Error('an image'))
    await expect(warming).rejects.toThrow('an image')
  })

  it('is there already with KoboldCpp, and no matter of Draw Things', async () => {
    await start({ profile: 'koboldcpp' })
    expect(await warm('dream')).toBe('warmed')
    await world.server.close()
    await start({ profile: 'drawthings' })
    expect(await warm('dream.ckpt')).toBe('unsupported')
  })
})
