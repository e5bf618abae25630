import type { EngineDescription } from '../engine-description.ts'

export const SWARMUI: EngineDescription = {
  name: 'swarmui',
  title: 'SwarmUI',
  detail: 'By its own API: all its backends and models, with progress and previews',
  takes: ['url', 'api_key', 'headers', 'extras', 'max_pixels', 'multiple_of', 'check_models', 'queue_ahead'],
  hasOwnKeys: true,
  options: [
    { name: 'loras', meaning: 'the LoRAs that prompts may name, or any' },
    { name: 'edits', meaning: 'whether edits begin from the image or refer to it' },
    { name: 'parameters', meaning: 'what is sent with every call' }
  ],
  modelOptions: [
    { name: 'loras', meaning: 'the LoRAs that its prompts may name, or any' },
    { name: 'edits', meaning: 'whether its edits begin from the image or refer to it' },
    { name: 'parameters', meaning: 'what is sent with every call of it, beside that of the service' }
  ],
  features: ['generate', 'edit', 'mask', 'multi_image', 'negative_prompt', 'seed', 'preview'],
  usualFeatures: ['generate', 'edit', 'mask', 'negative_prompt', 'seed', 'preview'],
  usualUrls: ['http://127.0.0.1:7801'],
  document: 'engines/swarmui.md'
}
