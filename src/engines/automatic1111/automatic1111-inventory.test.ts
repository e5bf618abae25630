import { describe, expect, it } from 'vitest'
import { useSdapiEngine } from '../../../tests/support/sdapi-engine.ts'

const world = useSdapiEngine()
const found = async () => (await world.engine.describe(new AbortController().signal)).inventory

describe('what lies on a stable-diffusion-webui', () => {
  it('is listed, with LoRAs and memory', async () => {
    await world.start({
      checkpoints: [
        { file: 'dream.safetensors', hash: '0123456789' },
        { file: 'sub/other.safetensors' },
        { file: 'xl_refiner.safetensors' }
      ],
      loras: ['film', 'ink'],
      memory: { free: 5, total: 9 }
    })
    expect(await found()).toEqual({
      models: [
        { servedAs: 'dream.safetensors', name: 'dream' },
        { servedAs: 'sub/other.safetensors', name: 'other' }
      ],
      loras: ['film', 'ink'],
      memory: { free: 5, total: 9 }
    })
  })

  it.each(['nowebui', 'koboldcpp'] as const)('is listed without what %s does not tell', async (profile) => {
    await world.start({ profile, checkpoints: [{ file: 'dream.safetensors' }] })
    expect(await found()).toEqual({
      models: [{ servedAs: 'dream.safetensors', name: 'dream' }],
      loras: []
    })
  })

  it('is the one model of a Draw Things', async () => {
    await world.start({ profile: 'drawthings' })
    const inventory = await found()
    expect(inventory?.models).toHaveLength(1)
    expect(inventory?.models[0]?.features).not.toContain('mask')
  })
})
