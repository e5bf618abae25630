import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import { CHANGE_COLOUR, pixelAt, readPixels, readSeed } from '../../../tests/support/fake-openai-pictures.ts'
import { useSdapiEngine } from '../../../tests/support/sdapi-engine.ts'
import { EngineOptionError } from '../engine-options.ts'
import { readOwnerParameters } from './owner-parameters.ts'

const world = useSdapiEngine()
const { start, generate, sent } = world

const SIZE = { width: 64, height: 48 }
const photo = (size = SIZE) =>
  sharp({ create: { ...size, channels: 3, background: { r: 20, g: 60, b: 200 } } })
    .png()
    .toBuffer()
/** Its left half is white. */
const mask = async () => {
  const row = Buffer.concat([Buffer.alloc(SIZE.width / 2, 255), Buffer.alloc(SIZE.width / 2, 0)])
  return sharp(Buffer.concat(Array<Buffer>(SIZE.height).fill(row)), { raw: { ...SIZE, channels: 1 } })
    .toColourspace('b-w')
    .png()
    .toBuffer()
}
const inputs = (...names: string[]) => names.map((name) => ({ name, mediaType: 'image/png', ...SIZE }))

describe('a generation', () => {
  it('is made with the seed, which is told', async () => {
    await start()
    const image = await generate({ seed: 4_294_967_295 })
    expect(await readSeed(image.png)).toBe(4_294_967_295)
    expect(image).toMatchObject({ seed: 4_294_967_295, warnings: [] })
    expect((await generate({ seed: 4_294_967_295 })).png.equals(image.png)).toBe(true)
    expect((await generate({ seed: 1 })).png.equals(image.png)).toBe(false)
  })

  it('leaves no file behind, and no prompt in the image', async () => {
    await start()
    await generate({ negative_prompt: 'blurry', steps: 3, guidance_scale: 1.5 })
    expect(sent()).toMatchObject({
      prompt: 'a fox',
      negative_prompt: 'blurry',
      steps: 3,
      cfg_scale: 1.5,
      save_images: false,
      batch_size: 1,
      n_iter: 1,
      override_settings: { enable_pnginfo: false }
    })
    expect(world.server.state().saved).toBe(0)
  })

  it('has usual steps, not the 50 of the API', async () => {
    await start()
    await generate()
    expect(sent()).toMatchObject({ steps: 20, cfg_scale: 7 })
  })

  it('has the size that was asked for, though its owner wants edits without one smaller', async () => {
    await start({}, { sizes: { maxPixels: 64 * 48 } })
    const image = await generate({ size: { width: 128, height: 96 } })
    expect(sent()).toMatchObject({ width: 128, height: 96 })
    expect(image.warnings).toEqual([])
  })

  it.each([
    [
      { width: 100, height: 60 },
      { width: 104, height: 64 }
    ],
    [
      { width: 64, height: 48 },
      { width: 64, height: 48 }
    ]
  ])('of %o is made as %o, and that is told', async (size, made) => {
    await start()
    const image = await generate({ size })
    expect(await readPixels(image.png)).toMatchObject(made)
    const isSame = size.width === made.width
    expect(image.warnings).toEqual(isSame ? [] : ['The image server makes no 100x60: the image is 104x64.'])
  })

  it('without a size tells the one that was chosen', async () => {
    await start()
    const image = await generate({ size: { width: 1000, height: 1004 }, unasked: ['size'] })
    expect(image).toMatchObject({ chosenSize: { width: 1000, height: 1008 }, warnings: [] })
  })

  it.each([
    ['Euler a', { sampler_name: 'Euler a' }],
    ['euler_ancestral', { sampler_name: 'Euler a' }],
    ['k_dpmpp_2m', { sampler_name: 'DPM++ 2M' }],
    ['DPM++ 2M Karras', { sampler_name: 'DPM++ 2M', scheduler: 'karras' }],
    ['dpmpp_2m_sgm_uniform', { sampler_name: 'DPM++ 2M', scheduler: 'sgm_uniform' }]
  ])('with the sampler %j is asked for as the server spells it', async (sampler, fields) => {
    await start()
    expect((await generate({ sampler })).warnings).toEqual([])
    expect(sent()).toMatchObject(fields)
  })

  it('with an unknown sampler is made with the usual one, which is told', async () => {
    await start()
    expect((await generate({ sampler: 'Magic' })).warnings).toEqual([
      'The image server has no such sampler: its usual one was used.'
    ])
    expect(sent()).not.toHaveProperty('sampler_name')
  })

  it('loads LoRAs that its field names, of those that its owner lists, once each', async () => {
    await start({}, { loras: ['Detail', 'ink'] })
    const image = await generate({
      prompt: 'a fox <lora:detail:0.5>',
      loras: [
        { name: 'detail', weight: 0.8 },
        { name: 'ink', weight: -1 },
        { name: 'secret', weight: 1 },
        { name: '../ink', weight: 1 }
      ]
    })
    expect(world.server.state().loaded).toEqual(['lora:Detail:0.8', 'lora:ink:-1'])
    expect(image.warnings).toHaveLength(2)
    expect(image.warnings.join()).toContain("'secret'")
  })

  it('loads no network that its owner does not list', async () => {
    await start({}, { loras: ['Detail'] })
    const image = await generate({
      prompt: 'a fox <lora:detail:0.5> <lo<lora:x:1>ra:secret:1> <hypernet:h:1>',
      negative_prompt: '<lora:secret:1> bad'
    })
    expect(world.server.state().loaded).toEqual(['lora:Detail:0.5'])
    expect(sent()).toMatchObject({ negative_prompt: 'bad' })
    expect(image.warnings.join()).toContain('<lora:secret:1>')
    await expect(generate({ prompt: 'a <sd_cpp_extra_args>{"width":8}</sd_cpp_extra_args>' })).rejects.toMatchObject({
      fault: 'bad_request',
      param: 'prompt'
    })
  })

  it('takes harmless extras within bounds, and never what runs code or costs more', async () => {
    await start()
    const { warnings } = await generate({
      extra: {
        clip_skip: '2',
        scheduler: 'Karras',
        tiling: true,
        mask_blur: 65,
        subseed_strength: 0.5,
        alwayson_scripts: { x: {} },
        script_name: 'evil',
        override_settings: { outdir_samples: '/' },
        enable_hr: true,
        hr_scale: 8,
        batch_size: 100,
        styles: ['x'],
        s_noise: 1
      }
    })
    expect(sent()).toMatchObject({
      scheduler: 'karras',
      tiling: true,
      subseed_strength: 0.5,
      batch_size: 1,
      s_noise: 1
    })
    expect(sent().override_settings).toEqual({
      enable_pnginfo: false,
      CLIP_stop_at_last_layers: 2,
      sd_model_checkpoint: 'dream.safetensors [0123456789]'
    })
    for (const name of ['alwayson_scripts', 'script_name', 'enable_hr', 'hr_scale', 'styles', 'mask_blur']) {
      expect(sent()).not.toHaveProperty(name)
      expect(warnings.join()).toContain(`'${name}'`)
    }
  })
})

describe('what the owner has every call sent with', () => {
  const parameters = (mapping: Record<string, unknown>) => ({ parameters: readOwnerParameters(mapping) })

  it('goes with it, unless the caller asked otherwise', async () => {
    const scripts = { ADetailer: { args: [true] } }
    await start(
      {},
      parameters({ steps: 4, cfg_scale: 1, alwayson_scripts: scripts, override_settings: { sd_vae: 'x' } })
    )
    await generate({ guidance_scale: 2 })
    expect(sent()).toMatchObject({ steps: 4, cfg_scale: 2, alwayson_scripts: scripts })
    expect(sent().override_settings).toMatchObject({ sd_vae: 'x', enable_pnginfo: false })
  })

  it('may be a script of its page with its values, which no caller chooses or changes', async () => {
    const script = { script_name: 'X/Y/Z plot', script_args: [4, '1,2'] }
    await start({}, parameters(script))
    await generate({ extra: { script_name: 'custom code', script_args: ['x'], alwayson_scripts: {}, enable_hr: true } })
    expect(sent()).toMatchObject(script)
    expect(sent()).not.toHaveProperty('alwayson_scripts')
    expect(sent()).not.toHaveProperty('enable_hr')
  })

  it('may be a hires fix, whose result has the asked size; an edit has none', async () => {
    await start({}, parameters({ enable_hr: true, hr_scale: 2, hr_upscaler: 'Latent' }))
    const image = await generate({ size: { width: 256, height: 192 } })
    expect(await readPixels(image.png)).toMatchObject({ width: 256, height: 192 })
    expect(sent()).toMatchObject({ width: 128, height: 96, hr_resize_x: 256, hr_resize_y: 192, hr_upscaler: 'Latent' })
    await generate({ kind: 'edit', inputs: inputs('image0') }, { inputs: { image0: await photo() } })
    expect(Object.keys(sent()).filter((name) => name.includes('hr'))).toEqual([])
  })

  it.each([
    [{ prompt: 'x' }, 'must not set prompt'],
    [{ save_images: true }, 'must not set save_images'],
    [{ override_settings: { sd_model_checkpoint: 'x' } }, 'must not set a checkpoint']
  ])('is not %o', (mapping, words) => {
    expect(() => readOwnerParameters(mapping)).toThrow(EngineOptionError)
    expect(() => readOwnerParameters(mapping)).toThrow(words)
  })
})

describe('an edit', () => {
  it('changes what is white in the mask, and leaves every other byte as it was', async () => {
    await start()
    const [image0, white] = [await photo(), await mask()]
    const image = await generate(
      { kind: 'edit', inputs: inputs('image0', 'mask'), strength: 0.9 },
      { inputs: { image0, mask: white } }
    )
    expect(sent()).toMatchObject({
      denoising_strength: 0.9,
      inpainting_mask_invert: 0,
      inpaint_full_res: false,
      inpainting_fill: 1
    })
    const pixels = await readPixels(image.png)
    expect(pixelAt(pixels, 4, 24)).toEqual([...CHANGE_COLOUR])
    for (let x = SIZE.width / 2; x < SIZE.width; x += 1) expect(pixelAt(pixels, x, 24)).toEqual([20, 60, 200])
  })

  it('has the size of its image, as far as the server goes', async () => {
    await start({}, { sizes: { maxPixels: 64 * 48 } })
    const { size: _none, ...task } = { size: undefined, kind: 'edit' as const }
    const inputs = [{ name: 'image0', mediaType: 'image/png', width: 640, height: 480 }]
    const image = await world.engine.generate(
      { model: 'dream', prompt: 'x', seed: 1, extra: {}, inputs, ...task },
      { ...(await import('../../../tests/support/engine-run.ts')).createTestRun({ inputs: { image0: await photo() } }) }
    )
    expect(image.chosenSize).toEqual({ width: 64, height: 48 })
    expect(sent()).toMatchObject({ width: 64, height: 48, denoising_strength: 0.75 })
  })
})
