import { type AgentConfig, type KnownEngine, loadAgentConfig } from '../../src/config/agent-config.ts'
import { ConfigError } from '../../src/config/config.ts'
import { FEATURES } from '../../src/images/image-request.ts'

const KEYS = [
  'url',
  'api_key',
  'headers',
  'download_from',
  'extras',
  'max_pixels',
  'multiple_of',
  'queue_ahead'
] as const
export const ENGINES: readonly KnownEngine[] = [
  { name: 'comfyui', takes: KEYS, usualFeatures: ['generate'] },
  {
    name: 'openai',
    takes: KEYS.filter((key) => key !== 'queue_ahead'),
    speaksOpenAI: true,
    usualFeatures: ['generate']
  },
  { name: 'demo', takes: ['extras'], usualFeatures: FEATURES }
]
export const KEY = 'ic_thisIsTheSecretOfTheAgent'
export const ENV = { INFERENCE_CLUB_API_KEY: KEY, UPSTREAM_KEY: 'sk-upstream-secret', EMPTY: '' }

export const loadText = (text: string, env: NodeJS.ProcessEnv = ENV): AgentConfig =>
  loadAgentConfig({ text, path: 'agent.yaml', env, engines: ENGINES })

export function mistakesOf(text: string, env: NodeJS.ProcessEnv = ENV): readonly string[] {
  try {
    loadText(text, env)
  } catch (error) {
    if (error instanceof ConfigError) return error.mistakes
    throw error
  }
  return []
}

/** Lines 1 to 4; what is tested begins in line 5, as the first service. */
export const HEAD = `gateway: https://club.example.org
api_key: \${INFERENCE_CLUB_API_KEY}
name: home-rig
services:
`
/** Lines 5 to 8; further lines go on in line 9. */
export const COMFY = `  - name: comfy
    type: image
    engine: comfyui
    url: http://127.0.0.1:8188
`
/** Lines 9 and 10. */
const MODELS = `    models:
      - id: sdxl
`
export const GOOD = HEAD + COMFY + MODELS
