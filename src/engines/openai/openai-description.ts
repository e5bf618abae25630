import type { EngineDescription } from '../engine-description.ts'
import { PROFILES, type ServerProfile } from './profiles.ts'

export const OPENAI: EngineDescription = {
  name: 'openai',
  title: 'OpenAI-compatible server',
  detail: 'OpenAI, Azure, LiteLLM, LocalAI, vLLM-Omni, SGLang, Lemonade and others',
  takes: ['url', 'api_key', 'headers', 'download_from', 'extras', 'max_pixels', 'multiple_of', 'check_models'],
  speaksOpenAI: true,
  options: [
    {
      name: 'profile',
      meaning: 'which server it is, where it cannot be recognised',
      choices: Object.values(PROFILES).map(({ name: value, server: label, features }: ServerProfile) => ({
        value,
        label,
        ...(features && { features })
      }))
    },
    { name: 'previews', meaning: 'how many previews are asked for while it works' },
    { name: 'mask', meaning: 'how the server reads a mask' },
    { name: 'edits', meaning: 'how the images of an edit are sent' },
    { name: 'edits_field', meaning: 'the form field of the images' },
    { name: 'response_format', meaning: 'whether base64 is asked for' }
  ],
  features: ['generate', 'edit', 'mask', 'multi_image', 'variation', 'negative_prompt', 'seed', 'preview'],
  usualFeatures: ['generate'],
  usualUrls: ['http://127.0.0.1:1234', 'http://127.0.0.1:8080', 'http://127.0.0.1:8000', 'http://127.0.0.1:30000'],
  document: 'engines/openai.md'
}
