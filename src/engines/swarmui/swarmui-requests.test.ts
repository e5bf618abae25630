import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import { flatPng, inputsOf, leftHalfMask } from '../../../tests/support/edit-inputs.ts'
import { CHANGE_COLOUR, pixelAt, readPixels, readSeed } from '../../../tests/support/fake-openai-pictures.ts'
import { useSwarmEngine } from '../../../tests/support/swarmui-engine.ts'
import { EngineOptionError } from '../engine-options.ts'
import { readSwarmParameters } from './swarmui-parameters.ts'

const swarm = useSwarmEngine()
const { start, generate, sent } = swarm

const SIZE = { width: 128, height: 64 }
const ORIGINAL = [20, 60, 200]
const flat = (size = SIZE, blue = 200) => flatPng(size, blue)
const leftHalf = (size = SIZE) => leftHalfMask(size)
const inputs = (names: string[], size = SIZE) => inputsOf(names, size)

describe('a generation', () => {
  it('is asked for by the names of the server, and leaves no file there', async () => {
    await start()
    const image = await generate({ negative_prompt: 'blurry', guidance_scale: 2.5, sampler: 'DPM++ 2M Karras' })
    expect(sent()).toEqual({
      prompt: 'a fox',
      negativeprompt: 'blurry',
      model: 'fake-image.safetensors',
      seed: 7,
      ...SIZE,
      steps: 4,
      cfgscale: 2.5,
      sampler: 'dpmpp_2m',
      scheduler: 'karras',
      images: 1,
      batchsize: 1,
      donotsave: true
    })
    expect(image).toMatchObject({ mediaType: 'image/png', seed: 7, warnings: [] })
    expect(swarm.server.state().files).toEqual([])
  })

  it('is made with its seed, and again alike', async () => {
    await start()
    const image = await generate({ seed: 4_294_967_295 })
    expect(image.seed).toBe(4_294_967_295)
    expect(await readSeed(image.png)).toBe(4_294_967_295)
    expect((await generate({ seed: 4_294_967_295 })).png.equals(image.png)).toBe(true)
    expect((await generate({ seed: 8 })).png.equals(image.png)).toBe(false)
  })

  it.each([
    [
      { width: 100, height: 60 },
      { width: 96, height: 64 }
    ],
    [
      { width: 1000, height: 1500 },
      { width: 1008, height: 1504 }
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

  it('without a size is as large as its model was made for', async () => {
    await start()
    const { size: _size, ...image } = { size: undefined, ...(await generate({ size: undefined as never })) }
    expect(sent()).toMatchObject({ width: 512, height: 512 })
    expect(image).toMatchObject({ chosenSize: { width: 512, height: 512 }, warnings: [] })
  })

  it('of a distilled model has its guidance where that belongs', async () => {
    await start()
    await generate({ model: 'flux1-dev', guidance_scale: 2 })
    expect(sent()).toMatchObject({ cfgscale: 1, fluxguidancescale: 2 })
  })

  it('has as many steps and as much guidance as the server takes', async () => {
    await start()
    await generate({ steps: 500, guidance_scale: 100 })
    expect(sent()).toMatchObject({ steps: 500, cfgscale: 100 })
    await generate({ steps: 501, guidance_scale: 100.5 })
    expect(sent()).toMatchObject({ steps: 500, cfgscale: 100 })
  })

  it('says which sampler and scheduler the server has not', async () => {
    await start()
    const { warnings } = await generate({ sampler: 'nonsense', extra: { scheduler: 'none' } })
    expect(sent()).not.toHaveProperty('sampler')
    expect(warnings).toEqual([
      'The image server has no such sampler: its usual one was used.',
      'The image server has no such scheduler: its usual one was used.'
    ])
  })
})

describe('what a caller sends beside it', () => {
  it('goes to the server when it changes the picture alone, within bounds', async () => {
    await start()
    const { warnings } = await generate({
      extra: {
        clip_skip: '24',
        distilled_guidance: 100,
        sigma_shift: 100.1,
        webhooks: 'normal',
        images: 100,
        exactbackendid: 1,
        donotsave: false
      }
    })
    expect(sent()).toMatchObject({ clipstopatlayer: -24, fluxguidancescale: 100, images: 1, donotsave: true })
    expect(Object.keys(sent())).not.toEqual(expect.arrayContaining(['webhooks']))
    expect(Object.keys(sent())).not.toEqual(expect.arrayContaining(['sigmashift']))
    expect(Object.keys(sent())).not.toEqual(expect.arrayContaining(['exactbackendid']))
    expect(warnings).toHaveLength(5)
  })

  it.each([
    'a fox <param[images]:100>',
    'a fox <param[donotsave]:false>',
    'a fox <preset:owner>',
    'a fox <wildcard:animals> <random:a|<lora:secret>>',
    'a fox <segment:face,1>',
    'a fox <pa<b>ram[images]:100>'
  ])('in its prompt is no command: %s', async (prompt) => {
    await start({ loras: ['secret.safetensors'] })
    const { warnings } = await generate({ prompt, negative_prompt: prompt })
    expect(sent()).toMatchObject({ images: 1 })
    expect(JSON.stringify(sent())).not.toMatch(/<|secret/)
    expect(warnings[0]).toContain('left out of the prompt, because the provider does not allow it.')
    expect(swarm.server.state().files).toEqual([])
  })

  it('loads no LoRA but those that the owner lists and the server has, by its own names', async () => {
    await start(
      { loras: ['detail.safetensors', 'sub/ink.safetensors', 'detail-more.safetensors', 'a,b.safetensors'] },
      { loras: ['detail', 'sub/ink', 'gone', 'det', 'a,b'] }
    )
    const prompt = 'a fox <lora:Detail:0.5> <lora:sub/ink> <lora:gone:1> <lora:det:1> <lora:a,b> <lora:detail-more>'
    const { warnings } = await generate({ prompt, negative_prompt: '<lora:detail:1>' })
    expect(sent()).toMatchObject({
      prompt: 'a fox',
      negativeprompt: '',
      loras: ['detail.safetensors', 'sub/ink.safetensors'],
      loraweights: ['0.5', '1']
    })
    expect(warnings).toEqual([
      "'<lora:detail-more>': left out of the prompt, because the provider does not allow it.",
      "'<lora:detail:1>': left out of the prompt, because the provider does not allow it.",
      "The image server has no LoRA 'gone': it was left out.",
      "The image server has no LoRA 'det': it was left out.",
      "The image server has no LoRA 'a,b': it was left out."
    ])
  })
})

describe('an owner', () => {
  it('has every call sent with parameters, of the service and of the model', async () => {
    await start(
      {},
      {
        parameters: { steps: 12, vae: 'x', initimagecreativity: 0.3 },
        models: [{ name: 'flux1-dev', parameters: { steps: 8, cfgscale: 1.5 } }]
      }
    )
    await generate({ steps: undefined as never })
    expect(sent()).toMatchObject({ steps: 12, vae: 'x' })
    await generate({ steps: undefined as never, model: 'flux1-dev' })
    expect(sent()).toMatchObject({ steps: 8, cfgscale: 1.5, vae: 'x' })
  })

  it('loads those that the field names, by the same rules', async () => {
    await start({ loras: ['detail.safetensors', 'ink.safetensors'] }, { loras: ['detail', 'gone'] })
    const loras = [
      { name: 'Detail', weight: 0.5 },
      { name: 'gone', weight: 1 },
      { name: 'ink', weight: 1 }
    ]
    const { warnings } = await generate({ prompt: 'a fox', loras })
    expect(sent()).toMatchObject({ prompt: 'a fox', loras: ['detail.safetensors'], loraweights: ['0.5'] })
    expect(warnings).toHaveLength(2)
    expect(warnings.join()).toContain("'gone'")
    expect(warnings.join()).toContain("'ink'")
  })

  it.each(['prompt', 'images', 'donotsave', 'seed', 'loras', 'rawresolution', 'session_id'])(
    'cannot set %s there',
    (name) => {
      expect(() => readSwarmParameters({ [name]: 1 })).toThrow(EngineOptionError)
    }
  )
})

describe('an edit', () => {
  it('begins from its image, scaled to the size, with the strength that is asked for', async () => {
    await start()
    const image = await generate(
      { kind: 'edit', strength: 0.4, size: { width: 256, height: 128 }, inputs: inputs(['image0']) },
      { inputs: { image0: await flat() } }
    )
    expect(sent()).toMatchObject({ initimagecreativity: 0.4, width: 256, height: 128 })
    expect(sent()).not.toHaveProperty('promptimages')
    const initial = Buffer.from(String(sent().initimage).split(',')[1]!, 'base64')
    expect(await sharp(initial).metadata()).toMatchObject({ width: 256, height: 128 })
    expect(pixelAt(await readPixels(image.png), 5, 5)).toEqual([235, 195, 55])
  })

  it('changes what is white in its mask, and keeps the rest to the byte', async () => {
    await start()
    const image = await generate(
      { kind: 'edit', inputs: inputs(['image0', 'mask']), size: undefined as never },
      { inputs: { image0: await flat(), mask: await leftHalf() } }
    )
    const pixels = await readPixels(image.png)
    for (const [x, expected] of [
      [0, CHANGE_COLOUR],
      [63, CHANGE_COLOUR],
      [64, ORIGINAL],
      [127, ORIGINAL]
    ] as const) {
      expect(pixelAt(pixels, x, 30)).toEqual([...expected])
    }
    expect(sent()).toMatchObject({ initimagecreativity: 1 })
    expect(image).toMatchObject({ chosenSize: SIZE, warnings: [] })
  })

  it('refers to its images where the owner says so, but for a mask', async () => {
    await start({}, { models: [{ name: 'fake-image', edits: 'reference' }] })
    const two = { kind: 'edit', inputs: inputs(['image0', 'image1']) } as const
    await generate(two, { inputs: { image0: await flat(), image1: await flat(SIZE, 0) } })
    expect(sent()).toMatchObject({ promptimages: { length: 2 } })
    expect(sent()).not.toHaveProperty('initimage')
    await generate(
      { kind: 'edit', inputs: inputs(['image0', 'mask']) },
      { inputs: { image0: await flat(), mask: await leftHalf() } }
    )
    expect(sent()).toHaveProperty('initimage')
  })
})
