import { describe, expect, it } from 'vitest'
import { useComfyEngine } from '../../../tests/support/comfyui-engine.ts'

const world = useComfyEngine()
const found = async () => (await world.engine.describe(new AbortController().signal)).inventory

describe('what lies on a ComfyUI', () => {
  it('is listed with sizes and memory where it tells them', async () => {
    await world.start({
      checkpoints: ['sd15.safetensors', 'sub\\xl.safetensors', 'svd.safetensors'],
      diffusionModels: ['flux1-dev.safetensors'],
      textEncoders: [],
      loras: ['styles\\film.safetensors'],
      sizes: { 'sd15.safetensors': 4_000_000_000, 'sub\\xl.safetensors': 6_900_000_000 },
      memory: { vram_free: 1_000_000_000, vram_total: 24_000_000_000 }
    })
    expect(await found()).toEqual({
      models: [
        { servedAs: 'sd15.safetensors', name: 'sd15', bytes: 4_000_000_000 },
        { servedAs: 'sub\\xl.safetensors', name: 'xl', bytes: 6_900_000_000 },
        // Without its text encoders it is of no use yet.
        { servedAs: 'flux1-dev.safetensors', name: 'flux1-dev', isIncomplete: true }
      ],
      loras: ['styles\\film.safetensors'],
      memory: { free: 1_000_000_000, total: 24_000_000_000 }
    })
  })

  it.each([
    [50, undefined],
    [51, 1],
    [70, 20]
  ])('is looked at up to fifty diffusion models, and the rest told: of %d', async (count, moreModels) => {
    const diffusionModels = Array.from({ length: count }, (_, at) => `flux-${at}.safetensors`)
    await world.start({ checkpoints: [], diffusionModels, loras: [] })
    const inventory = await found()
    expect(inventory?.models).toHaveLength(50)
    expect(inventory?.moreModels).toBe(moreModels)
  })

  it('is listed without what older versions do not tell', async () => {
    await world.start({ checkpoints: ['sd15.safetensors'], diffusionModels: [], loras: [] })
    expect(await found()).toEqual({ models: [{ servedAs: 'sd15.safetensors', name: 'sd15' }], loras: [] })
  })
})
