import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import { useComfyEngine } from '../../../tests/support/comfyui-engine.ts'
import { CHANGE_COLOUR, pixelAt } from '../../../tests/support/fake-openai-pictures.ts'
import { waitFor } from '../../../tests/support/wait-for.ts'
import type { ImageTask, TaskInput } from '../../images/image-request.ts'
import { encodeWhiteOnBlackPng } from '../../images/mask.ts'

const world = useComfyEngine()
const { start, generate, failing, lastGraph } = world

const BLUE = { r: 20, g: 60, b: 200 }
const SIZE = { width: 96, height: 64 }
const photo = (background = BLUE, size = SIZE) =>
  sharp({ create: { ...size, channels: 3, background } })
    .png()
    .toBuffer()
/** White, which means change here, in the left half. */
const leftHalf = ({ width, height } = SIZE) =>
  encodeWhiteOnBlackPng({
    width,
    height,
    pixels: Buffer.concat(Array.from({ length: height }, () => Buffer.alloc(width).fill(255, 0, Math.floor(width / 2))))
  })
const input = (name: string, size = SIZE): TaskInput => ({ name, mediaType: 'image/png', ...size })
const classes = () => Object.values(lastGraph()).map((node) => node.class_type)

describe('an edit', () => {
  const edit: Partial<ImageTask> = { kind: 'edit', inputs: [input('image0')] }

  it('is made of its image, as much as is asked', async () => {
    await start()
    const inputs = { image0: await photo() }
    const kept = await generate({ ...edit, size: SIZE, strength: 0 }, { inputs })
    expect(pixelAt(kept.pixels, 30, 30)).toEqual([20, 60, 200])
    const anew = await generate({ ...edit, size: SIZE, strength: 1 }, { inputs })
    expect(pixelAt(anew.pixels, 30, 30)).not.toEqual([20, 60, 200])
    expect(lastGraph().sampler!.inputs.denoise).toBe(1)
  })

  it.each([
    ['a checkpoint', 'sd15', 'SetLatentNoiseMask'],
    ['a checkpoint made for it', 'sd15-inpainting', 'InpaintModelConditioning'],
    ['a model in parts', 'flux1-dev', 'SetLatentNoiseMask'],
    ['SD 3.5 in parts', 'sd3.5_medium', 'SetLatentNoiseMask'],
    ['Qwen-Image in parts', 'qwen_image_fp8', 'SetLatentNoiseMask'],
    ['Z-Image in parts', 'z_image_turbo_bf16', 'SetLatentNoiseMask']
  ])('changes what its mask says, and not a pixel else: %s', async (_what, model, node) => {
    await start()
    const inputs = { image0: await photo(), mask: await leftHalf() }
    const made = await generate(
      { kind: 'edit', model, size: SIZE, inputs: [input('image0'), input('mask')] },
      { inputs }
    )
    expect(classes()).toContain(node)
    for (const [x, y] of [
      [0, 0],
      [47, 63],
      [20, 5]
    ] as const) {
      expect(pixelAt(made.pixels, x, y)).toEqual([...CHANGE_COLOUR])
    }
    for (const [x, y] of [
      [48, 0],
      [95, 63],
      [70, 30]
    ] as const) {
      expect(pixelAt(made.pixels, x, y)).toEqual([20, 60, 200])
    }
  })

  it('with a mask says when what it keeps is scaled', async () => {
    await start()
    const made = async (size: { width: number; height: number }, masked = true) => {
      const names = masked ? ['image0', 'mask'] : ['image0']
      const inputs = { image0: await photo(BLUE, size), mask: await leftHalf(size) }
      return generate(
        { kind: 'edit', size, unasked: ['size'], inputs: names.map((name) => input(name, size)) },
        { inputs }
      )
    }
    const odd = await made({ width: 101, height: 75 })
    expect([odd.chosenSize, odd.warnings]).toEqual([
      { width: 104, height: 72 },
      ['The image was scaled: what lies outside of the mask is not exactly as it was.']
    ])
    expect((await made({ width: 104, height: 72 })).warnings).toEqual([])
    expect((await made({ width: 101, height: 75 }, false)).warnings).toEqual([])
  })

  it('without a size has its image’s, as far as the model goes', async () => {
    await start()
    const large = { width: 3000, height: 1500 }
    const inputs = { image0: await photo(BLUE, large) }
    const made = await generate(
      { kind: 'edit', size: large, unasked: ['size'], steps: 1, inputs: [input('image0', large)] },
      { inputs }
    )
    expect(made.chosenSize).toEqual({ width: 1448, height: 720 })
    expect(made.pixels).toMatchObject({ width: 1448, height: 720 })
  })

  it('leaves its images where the server clears up', async () => {
    await start()
    await generate({ ...edit, size: SIZE }, { inputs: { image0: await photo() } })
    expect([...world.server.uploads.keys()]).toEqual([
      expect.stringMatching(/^inference-club-[0-9a-f-]{36}\.png \[temp\]$/)
    ])
  })

  it('of several images is no work for a graph of our own', async () => {
    await start()
    const inputs = { image0: await photo(), image1: await photo() }
    await expect(
      generate({ kind: 'edit', inputs: [input('image0'), input('image1')] }, { inputs })
    ).rejects.toMatchObject({ fault: 'crashed' })
  })
})

describe('a size', () => {
  it.each([
    ['sd15', { width: 100, height: 70 }, { width: 104, height: 72 }],
    ['z_image_turbo_bf16', { width: 100, height: 70 }, { width: 96, height: 64 }],
    ['sd15', { width: 16, height: 17 }, { width: 16, height: 16 }]
  ])('of %s that cannot be made is the nearest, and told', async (model, size, made) => {
    await start()
    const image = await generate({ model, size, steps: 1 })
    expect(image.pixels).toMatchObject(made)
    expect(image.warnings).toEqual([expect.stringContaining(`${made.width}x${made.height}`)])
    expect(image.chosenSize).toBeUndefined()
  })

  it.each([
    ['sd15', { width: 512, height: 512 }],
    ['juggernautXL', { width: 1024, height: 1024 }]
  ])('that nobody named is what %s makes best', async (model, size) => {
    await start()
    const image = await generate({ model, size, unasked: ['size'], steps: 1 }).then(({ pixels }) => pixels)
    expect(image).toMatchObject(size)
  })
})

describe('a model', () => {
  it.each([
    ['sd15', ['CheckpointLoaderSimple'], {}],
    [
      'flux1-dev',
      ['UNETLoader', 'DualCLIPLoader', 'VAELoader', 'FluxGuidance', 'ConditioningZeroOut'],
      { clip_name2: 't5xxl_fp16.safetensors', type: 'flux' }
    ],
    ['sd3.5_medium', ['UNETLoader', 'TripleCLIPLoader', 'VAELoader'], { clip_name2: 'clip_g.safetensors' }],
    [
      'qwen_image_fp8',
      ['UNETLoader', 'CLIPLoader', 'ModelSamplingAuraFlow'],
      { clip_name: 'qwen_2.5_vl_7b.safetensors', type: 'qwen_image' }
    ],
    [
      'z_image_turbo_bf16',
      ['UNETLoader', 'CLIPLoader', 'ModelSamplingAuraFlow', 'ConditioningZeroOut'],
      { clip_name: 'qwen_3_4b.safetensors', type: 'lumina2' }
    ]
  ])('%s is loaded as its family is', async (model, needed, encoders) => {
    await start()
    expect((await generate({ model, steps: 1 })).pixels).toMatchObject({ width: 64, height: 48 })
    expect(classes()).toEqual(expect.arrayContaining(needed))
    expect(lastGraph().encoders?.inputs ?? {}).toMatchObject(encoders)
  })

  it.each(['xl/juggernautXL.safetensors', 'juggernautxl.safetensors', 'JuggernautXL', 'xl\\juggernautXL'])(
    'is found as %s',
    async (model) => {
      await start()
      await generate({ model, steps: 1 })
      expect(lastGraph().model!.inputs.ckpt_name).toBe('xl/juggernautXL.safetensors')
    }
  )

  it('is what its options say', async () => {
    await start(
      { vaes: ['other.safetensors'] },
      {
        models: [
          {
            name: 'mine',
            diffusionModel: 'flux1-dev',
            textEncoders: ['clip_g', 't5xxl_fp16'],
            vae: 'other',
            family: 'flux-schnell',
            sampler: 'euler_ancestral'
          }
        ]
      }
    )
    await generate({ model: 'mine', steps: undefined as never })
    expect(lastGraph().encoders!.inputs).toMatchObject({ clip_name1: 'clip_g.safetensors' })
    expect(lastGraph().sampler!.inputs).toMatchObject({ steps: 4, sampler_name: 'euler_ancestral' })
  })

  it.each([
    ['nothing', {}, 'the model nothing'],
    ['flux1-dev', { textEncoders: [] }, 'the text encoder'],
    ['flux1-dev', { vaes: [] }, 'the VAE of flux']
  ])('%s that is not all there is missing', async (model, fake, words) => {
    await start(fake)
    await failing({ model }).toMatchObject({ fault: 'model_missing', message: expect.stringContaining(words) })
    const { models, summary } = await world.engine.describe(new AbortController().signal)
    expect(models).toContain('sd15.safetensors')
    expect(summary).toBe('ComfyUI 0.3.64 on cpu')
  })

  it('with options is listed by its name when it can be made', async () => {
    await start(
      {},
      {
        models: [
          { name: 'film', checkpoint: 'sd15' },
          { name: 'gone', checkpoint: 'nothing' }
        ]
      }
    )
    const { models } = await world.engine.describe(new AbortController().signal)
    expect(models).toContain('film')
    expect(models).not.toContain('gone')
  })
})

describe('fields of a call', () => {
  it('are what the sampler is told', async () => {
    await start()
    await generate({
      steps: 4,
      guidance_scale: 5.5,
      sampler: 'Euler a',
      negative_prompt: 'snow',
      extra: { scheduler: 'simple' }
    })
    expect(lastGraph().sampler!.inputs).toMatchObject({
      ...{ seed: 4_294_967_295, steps: 4, cfg: 5.5, sampler_name: 'euler_ancestral', scheduler: 'simple', denoise: 1 }
    })
    expect(lastGraph().negative!.inputs.text).toBe('snow')
  })

  it('go where a distilled model has them', async () => {
    await start()
    const { warnings } = await generate({ model: 'flux1-dev', guidance_scale: 2.5, negative_prompt: 'snow' })
    expect(lastGraph().guidance!.inputs.guidance).toBe(2.5)
    expect(lastGraph().sampler!.inputs.cfg).toBe(1)
    expect(warnings).toEqual([expect.stringContaining("'negative_prompt'")])
  })

  it('that the server lacks are told', async () => {
    await start()
    const { warnings } = await generate({ sampler: 'dpm_adaptive' })
    expect(warnings).toEqual([expect.stringContaining('no such sampler: dpmpp_2m')])
  })

  it('keep texts that look like something else as they are', async () => {
    await start()
    const prompt = '["ckpt",1] {a|b} "quoted" \\ 🦊'
    await generate({ prompt })
    expect(lastGraph().positive!.inputs.text).toBe(prompt)
  })
})

describe('LoRAs', () => {
  const models = [{ name: 'sd15', loras: new Map([['film', 'styles\\film_grain.safetensors']]) }]

  it.each<[what: unknown, more: object]>([
    ['lora', { extra: { lora: 'film:0.5' } }],
    ['loras', { loras: [{ name: 'film', weight: 0.5 }] }],
    ['a tag', { prompt: 'a fox <lora:film:0.5>' }]
  ])('that the owner lists are used: %s', async (_what, more) => {
    await start({}, { models })
    const { warnings } = await generate(more)
    expect(lastGraph().lora0).toEqual({
      class_type: 'LoraLoader',
      inputs: {
        model: ['model', 0],
        clip: ['model', 1],
        lora_name: 'styles\\film_grain.safetensors',
        strength_model: 0.5,
        strength_clip: 0.5
      }
    })
    expect(lastGraph().positive!.inputs).toEqual({ text: 'a fox', clip: ['lora0', 1] })
    expect(warnings).toEqual([])
  })

  it('that are not listed are left out, and told', async () => {
    await start({}, { models })
    const { warnings } = await generate({ extra: { lora: ['lcm', '../../x', { name: 1 }, 7] } })
    expect(classes()).not.toContain('LoraLoader')
    expect(warnings).toHaveLength(4)
    const most = await generate({ extra: { lora: Array(9).fill('film:99') } })
    expect(Object.keys(lastGraph()).filter((id) => id.startsWith('lora'))).toHaveLength(8)
    expect(lastGraph().lora0!.inputs.strength_model).toBe(4)
    expect(most.warnings).toEqual([expect.stringContaining('the first 8')])
  })
})

describe('what goes wrong', () => {
  it('for lack of memory is that', async () => {
    await start()
    world.server.set({ failure: 'oom' })
    await failing().toMatchObject({ fault: 'out_of_memory' })
    expect((await generate()).seed).toBe(4_294_967_295)
  })

  it('is told without paths, addresses, and prompts', async () => {
    await start()
    world.server.set({ failure: 'error' })
    await failing().toMatchObject({
      fault: 'crashed',
      message: expect.not.stringMatching(/home|10\.0|secret|Traceback/)
    })
  })

  it('for lack of a node is told apart', async () => {
    await start({ missingNodes: ['VAEDecode'] })
    await failing().toMatchObject({ fault: 'model_missing', message: expect.stringContaining('custom node VAEDecode') })
  })

  it('of a value is the fault of its field', async () => {
    await start()
    await failing({ size: { width: 16_392, height: 64 } }).toMatchObject({ fault: 'bad_request', param: 'size' })
  })

  it('in a part of the graph alone is wrong all the same, and its job stopped', async () => {
    await start()
    world.server.set({ halfRefused: true })
    world.server.set({ stalled: true })
    await failing().toMatchObject({ fault: 'crashed' })
    await waitFor(() => world.server.runningIds().length === 0)
  })

  it('when a file that was there is gone is found out by the next image', async () => {
    const checkpoints = ['sd15.safetensors']
    await start({ checkpoints })
    await generate()
    checkpoints[0] = 'renamed.safetensors'
    await failing().toMatchObject({
      fault: 'model_missing',
      message: 'The image server lacks the file sd15.safetensors.'
    })
    expect((await generate({ model: 'renamed' })).seed).toBe(4_294_967_295)
  })
})
