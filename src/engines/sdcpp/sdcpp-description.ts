import type { EngineDescription } from '../engine-description.ts'

export const SDCPP: EngineDescription = {
  name: 'sdcpp',
  title: 'stable-diffusion.cpp',
  detail: 'sd-server by its own API, with seeds, steps, LoRAs and a queue',
  takes: ['url', 'api_key', 'headers', 'extras', 'max_pixels', 'multiple_of', 'check_models', 'queue_ahead'],
  options: [
    { name: 'edits', meaning: 'whether edits begin from the image or refer to it' },
    { name: 'loras', meaning: 'the LoRAs that prompts may name, or any' },
    { name: 'parameters', meaning: 'what is sent with every call' }
  ],
  features: ['generate', 'edit', 'mask', 'multi_image', 'negative_prompt', 'seed'],
  usualFeatures: ['generate', 'negative_prompt', 'seed'],
  usualUrls: ['http://127.0.0.1:1234'],
  document: 'engines/sdcpp.md'
}
