import type { EngineDescription } from '../engine-description.ts'

export const AUTOMATIC1111: EngineDescription = {
  name: 'automatic1111',
  title: 'AUTOMATIC1111 and its kin',
  detail: 'stable-diffusion-webui, Forge, reForge, SD.Next with --api; KoboldCpp, Draw Things',
  takes: ['url', 'api_key', 'headers', 'extras', 'max_pixels', 'multiple_of', 'check_models'],
  options: [
    { name: 'loras', meaning: 'the LoRAs that prompts may name, or any' },
    { name: 'parameters', meaning: 'what is sent with every call: usual steps, hires fix, scripts' },
    { name: 'dedicated', meaning: 'whether nobody else makes images there' }
  ],
  features: ['generate', 'edit', 'mask', 'negative_prompt', 'seed', 'preview'],
  usualFeatures: ['generate', 'negative_prompt', 'seed'],
  usualUrls: ['http://127.0.0.1:7860', 'http://127.0.0.1:7861', 'http://127.0.0.1:5001'],
  document: 'engines/automatic1111.md'
}
