import { describe, expect, it } from 'vitest'
import { flatPng, inputsOf, leftHalfMask } from '../../../tests/support/edit-inputs.ts'
import { CHANGE_COLOUR, pixelAt, readPixels, readSeed } from '../../../tests/support/fake-openai-pictures.ts'
import { useInvokeEngine } from '../../../tests/support/invokeai-engine.ts'

const invoke = useInvokeEngine()
const { start, generate, failing, node, edges } = invoke

const SIZE = { width: 128, height: 64 }
const ORIGINAL = [20, 60, 200]
const flat = (size = SIZE) => flatPng(size)
const leftHalf = (size = SIZE) => leftHalfMask(size)
const inputs = (names: string[], size = SIZE) => inputsOf(names, size)

describe('a generation with SD 1.5', () => {
  it('is a graph of its nodes, of which none is in the gallery', async () => {
    await start()
    const image = await generate({ negative_prompt: 'blurry', guidance_scale: 5, sampler: 'DPM++ 2M Karras' })
    const fake = { key: 'key-of-fake-image', hash: 'blake3:fake-image', name: 'fake-image', base: 'sd-1', type: 'main' }
    expect(node('main_model_loader')).toMatchObject({ model: fake })
    expect(node('noise')).toMatchObject({ seed: 7, ...SIZE })
    expect(node('denoise_latents')).toMatchObject({
      steps: 4,
      cfg_scale: 5,
      scheduler: 'dpmpp_2m_k',
      denoising_start: 0,
      denoising_end: 1
    })
    expect(node('l2i')).toMatchObject({ is_intermediate: true, use_cache: false, fp32: true })
    expect(edges()).toEqual([
      'model.clip → positive.clip',
      'model.clip → negative.clip',
      'model.unet → denoise.unet',
      'positive.conditioning → denoise.positive_conditioning',
      'negative.conditioning → denoise.negative_conditioning',
      'noise.noise → denoise.noise',
      'denoise.latents → decode.latents',
      'model.vae → decode.vae'
    ])
    expect(image).toMatchObject({ mediaType: 'image/png', seed: 7, warnings: [] })
  })

  it('is made with its seed, and again alike', async () => {
    await start()
    const image = await generate({ seed: 4_294_967_295 })
    expect(await readSeed(image.png)).toBe(4_294_967_295)
    // The server would deliver the image of before, which is deleted.
    expect((await generate({ seed: 4_294_967_295 })).png.equals(image.png)).toBe(true)
    expect((await generate({ seed: 8 })).png.equals(image.png)).toBe(false)
  })

  it.each([
    [
      { width: 100, height: 60 },
      { width: 104, height: 64 }
    ],
    [
      { width: 63, height: 64 },
      { width: 64, height: 64 }
    ]
  ])('of %o is made as %o, which is told', async (size, made) => {
    await start()
    const image = await generate({ size })
    expect(await readPixels(image.png)).toMatchObject(made)
    expect(image.warnings).toEqual([
      `The image server makes no ${size.width}x${size.height}: the image is ${made.width}x${made.height}.`
    ])
  })

  it('keeps to the steps that the owner asks for, and to those that its nodes take', async () => {
    await start({}, { sizes: { multipleOf: 12 } })
    expect(await readPixels((await generate({ size: { width: 100, height: 100 } })).png)).toMatchObject({
      width: 96,
      height: 96
    })
  })

  it('has as many steps and as much guidance as the server takes', async () => {
    await start()
    await generate({ steps: 1000, guidance_scale: 100 })
    expect(node('denoise_latents')).toMatchObject({ steps: 1000, cfg_scale: 100 })
    await generate({ steps: 1001, guidance_scale: 101 })
    expect(node('denoise_latents')).toMatchObject({ steps: 1000, cfg_scale: 100 })
  })

  it('says which sampler and scheduler the server has not', async () => {
    await start()
    const { warnings } = await generate({ sampler: 'nonsense' })
    expect(node('denoise_latents')).not.toHaveProperty('scheduler')
    expect(warnings).toEqual(['The image server has no such sampler: its usual one was used.'])
    const other = await generate({ sampler: 'DPM++ SDE', extra: { scheduler: 'exponential' } })
    expect(node('denoise_latents')).toMatchObject({ scheduler: 'dpmpp_sde' })
    expect(other.warnings).toEqual(['The image server has no such scheduler: its usual one was used.'])
    expect((await generate({ sampler: 'dpmpp_2m', extra: { scheduler: 'karras' } })).warnings).toEqual([])
    expect(node('denoise_latents')).toMatchObject({ scheduler: 'dpmpp_2m_k' })
  })
})

describe('a generation with SDXL', () => {
  it('is as its owner has set the model up in InvokeAI', async () => {
    await start()
    const image = await generate({ model: 'juggernaut', size: undefined as never, steps: undefined as never })
    expect(node('denoise_latents')).toMatchObject({ steps: 12, cfg_scale: 4, scheduler: 'dpmpp_2m_k' })
    expect(node('vae_loader')).toMatchObject({ vae_model: { key: 'key-of-fix' } })
    expect(node('l2i')).toMatchObject({ fp32: false })
    expect(image.chosenSize).toEqual({ width: 896, height: 640 })
    expect(edges()).toEqual(expect.arrayContaining(['model.clip2 → positive.clip2', 'vae.vae → decode.vae']))
    expect(node('sdxl_compel_prompt')).toMatchObject({ style: 'a fox', target_width: 896, original_height: 640 })
  })

  it('is as agent.yaml says, where it does', async () => {
    await start({}, { models: [{ name: 'juggernaut', steps: 6, guidanceScale: 2, scheduler: 'euler_k' }] })
    await generate({ model: 'juggernaut', steps: undefined as never })
    expect(node('denoise_latents')).toMatchObject({ steps: 6, cfg_scale: 2, scheduler: 'euler_k' })
  })
})

describe('a generation with Flux', () => {
  it('is loaded with its encoders and VAE, and guided as it was distilled', async () => {
    await start()
    const { warnings } = await generate({ model: 'flux-dev', guidance_scale: 2, negative_prompt: 'blurry' })
    expect(node('flux_model_loader')).toMatchObject({
      t5_encoder_model: { key: 'key-of-t5' },
      clip_embed_model: { key: 'key-of-clip' },
      vae_model: { key: 'key-of-ae' }
    })
    expect(node('flux_denoise')).toMatchObject({ guidance: 2, num_steps: 4, seed: 7, ...SIZE })
    expect(warnings).toEqual(["'negative_prompt' was not used: this model works without."])
    await generate({ model: 'schnell', steps: undefined as never })
    expect(node('flux_denoise')).toMatchObject({ num_steps: 4 })
  })

  it('is in steps of 16', async () => {
    await start()
    const { warnings } = await generate({ model: 'flux-dev', size: { width: 136, height: 64 } })
    expect(node('flux_denoise')).toMatchObject({ width: 144, height: 64 })
    expect(warnings).toHaveLength(1)
  })

  it('says what the server lacks for it', async () => {
    const flux = { key: 'a', hash: 'b', name: 'flux', base: 'flux', type: 'main' }
    await start({ models: [flux] })
    await failing({ model: 'flux' }).toMatchObject({
      fault: 'model_missing',
      message: 'The image server lacks the T5 encoder that its Flux models need.'
    })
  })
})

describe('what a caller sends beside it', () => {
  it('is used when it is a sampler or guidance, and nothing else is', async () => {
    await start()
    const { warnings } = await generate({ extra: { cfg_scale: '3.5', board: 'x', scheduler: 7, graph: {} } })
    expect(node('denoise_latents')).toMatchObject({ cfg_scale: 3.5 })
    expect(warnings).toHaveLength(3)
  })

  it('has the LoRAs that the field names, by the same rules', async () => {
    await start({}, { loras: ['detail', 'gone'], models: [{ name: 'flux-dev', loras: ['ink'] }] })
    const loras = [
      { name: 'Detail', weight: 0.5 },
      { name: 'gone', weight: 1 },
      { name: 'ink', weight: 1 }
    ]
    const { warnings } = await generate({ prompt: 'a fox', loras })
    expect(node('lora_loader')).toMatchObject({ lora: { key: 'key-of-detail' }, weight: 0.5 })
    expect(warnings).toHaveLength(2)
    expect(warnings.join()).toContain("'gone'")
    expect(warnings.join()).toContain("'ink'")
  })

  it('in its prompt names no LoRA but those that the owner lists, of the model’s kind', async () => {
    await start({}, { loras: ['detail', 'gone'], models: [{ name: 'flux-dev', loras: ['ink'] }] })
    const prompt = 'a fox <lora:Detail:0.5> <lora:gone:1> <lora:ink:1> <secret-embedding> <embedding>'
    const { warnings } = await generate({ prompt })
    expect(node('lora_loader')).toMatchObject({ lora: { key: 'key-of-detail' }, weight: 0.5 })
    expect(edges()).toEqual(
      expect.arrayContaining(['model.unet → lora0.unet', 'lora0.clip → negative.clip', 'lora0.unet → denoise.unet'])
    )
    expect(JSON.stringify(node('compel'))).not.toContain('<')
    expect(warnings).toEqual([
      "'<lora:ink:1>', '<embedding>': left out of the prompt, because the provider does not allow it.",
      "The image server has no LoRA 'gone' for this model: it was left out."
    ])
    await generate({ prompt, model: 'juggernaut' })
    expect(node('sdxl_lora_loader')).toMatchObject({ lora: { key: 'key-of-detail-xl' } })
    await generate({ prompt, model: 'flux-dev' })
    expect(node('flux_lora_loader')).toMatchObject({ lora: { key: 'key-of-ink' }, weight: 1 })
  })
})

describe('an edit', () => {
  it.each(['fake-image', 'juggernaut', 'flux-dev'])(
    'with %s begins from its image, scaled to the size',
    async (model) => {
      await start()
      const image = await generate(
        { kind: 'edit', model, strength: 0.25, size: { width: 256, height: 128 }, inputs: inputs(['image0']) },
        { inputs: { image0: await flat() } }
      )
      const denoise = node('denoise_latents') ?? node('flux_denoise')
      expect(denoise).toMatchObject({ denoising_start: 0.75 })
      expect(await readPixels(image.png)).toMatchObject({ width: 256, height: 128 })
      expect(pixelAt(await readPixels(image.png), 5, 5)).toEqual([235, 195, 55])
    }
  )

  it.each(['fake-image', 'juggernaut', 'flux-dev'])(
    'with %s changes what is white in its mask, and keeps the rest to the byte',
    async (model) => {
      await start()
      const image = await generate(
        { kind: 'edit', model, inputs: inputs(['image0', 'mask']), size: undefined as never },
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
      expect(image).toMatchObject({ chosenSize: SIZE, warnings: [] })
    }
  )

  it('is of one image', async () => {
    await start()
    await failing({ kind: 'edit', inputs: inputs(['image0', 'image1']) }).toMatchObject({ fault: 'crashed' })
  })
})
