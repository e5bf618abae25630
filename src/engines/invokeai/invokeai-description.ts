import type { EngineDescription } from '../engine-description.ts'

export const INVOKEAI: EngineDescription = {
  name: 'invokeai',
  title: 'InvokeAI',
  detail: 'Its models of SD 1.5, SDXL and Flux, through its queue, with progress and previews',
  takes: ['url', 'api_key', 'headers', 'extras', 'max_pixels', 'multiple_of', 'check_models', 'queue_ahead'],
  hasOwnKeys: true,
  options: [{ name: 'loras', meaning: 'the LoRAs that prompts may name, or any' }],
  modelOptions: [
    { name: 'loras', meaning: 'the LoRAs that its prompts may name, or any' },
    { name: 'steps', meaning: 'usual steps' },
    { name: 'guidance_scale', meaning: 'usual guidance' },
    { name: 'scheduler', meaning: 'usual sampler, which InvokeAI calls a scheduler' }
  ],
  features: ['generate', 'edit', 'mask', 'negative_prompt', 'seed', 'preview'],
  usualFeatures: ['generate', 'edit', 'mask', 'negative_prompt', 'seed', 'preview'],
  usualUrls: ['http://127.0.0.1:9090'],
  document: 'engines/invokeai.md'
}
