import type { EngineParameterName } from '../../images/fields.ts'
import type { Feature } from '../../images/image-request.ts'
import type { SizeRules } from '../../images/sizes.ts'

/**
 * How the server reads a mask.
 * - `openai-alpha`: where its alpha is 0 there is change (OpenAI).
 * - `white-edit`: where it is white there is change (stable-diffusion.cpp, Lemonade).
 * - `none`: not at all; it would change the whole picture.
 */
export type MaskMode = 'openai-alpha' | 'white-edit' | 'none'

/**
 * How an edit's pictures are sent.
 * - `form`: as files of a form, as OpenAI's clients do.
 * - `json`: to the same route as JSON, which holds them as `data:` URLs.
 * - `files`: with a generation, as JSON that has them as base64 in `files` (LocalAI).
 * - `none`: the server has no edits.
 */
export type EditsForm = 'form' | 'json' | 'files' | 'none'

/** What is known of one kind of servers with OpenAI's image API, where they differ. Data: whoever learns more adds a row. */
export interface ServerProfile {
  /** As the option `profile` of `agent.yaml` spells it. */
  name: string
  /** For people. */
  server: string
  /** What its models can; absent: that depends on the model, or on what is behind it. */
  features?: readonly Feature[]
  /** Its models are OpenAI's, whatever they are called: they take OpenAI's parameters alone and choose sizes themselves. */
  isOpenAIs?: true
  /** Default: base64 is asked for, but not of OpenAI's GPT Image models, which refuse to be asked. */
  responseFormat?: 'omit' | 'b64_json'
  /** Default: `image` for one image, `image[]` for several. */
  editsField?: 'image' | 'image[]'
  /** Default: a form. */
  edits?: EditsForm
  /** Default: `openai-alpha`. */
  mask?: MaskMode
  /** What it calls a parameter otherwise. */
  names?: Partial<Record<EngineParameterName, string>>
  /** Parameters that it ignores or refuses: they are not sent, and whoever asked for one is told. */
  unsent?: readonly EngineParameterName[]
  /** Of an edit without a size; default: as `USUAL_SIZES`. */
  sizes?: Partial<SizeRules>
  /** Characters of a prompt that it takes for its own signs; a comma stands in their place. */
  signs?: RegExp
  /** It must not be asked for previews. */
  neverStreams?: true
  /** It loads a model by whose name it is asked below `/upstream`, and tells below `/running` what it has loaded. */
  loadsByName?: true
  /** The header of the key; default: `authorization`, as a bearer. */
  keyHeader?: 'api-key'
}

/** Whatever speaks OpenAI's API, and nothing else is known of it. */
export const GENERIC: ServerProfile = { name: 'generic', server: 'OpenAI-compatible server' }

const OPENAI: ServerProfile = {
  name: 'openai',
  server: 'OpenAI',
  features: ['generate', 'edit', 'mask', 'multi_image'],
  isOpenAIs: true,
  responseFormat: 'omit'
}

/** Deployments have names of their owner's choosing. The key as a header of its own is understood by all its versions. */
const AZURE: ServerProfile = {
  name: 'azure',
  server: 'Azure',
  features: OPENAI.features ?? [],
  isOpenAIs: true,
  responseFormat: 'omit',
  keyHeader: 'api-key'
}

/**
 * Whatever it leads to decides; it passes on what it does not know, and takes edits of either field. Events of what is behind it
 * it takes for a failure (1.108.7), after three tries that each make the image.
 */
const LITELLM: ServerProfile = { name: 'litellm', server: 'LiteLLM', neverStreams: true }

/** One of several programs, by the name of the model: its masks are such that either reading of them is right. */
const LLAMA_SWAP: ServerProfile = { name: 'llama-swap', server: 'llama-swap', loadsByName: true }

/** It reads prompt, size, format and number of a call, and draws with its own seed and steps. */
const SD_SERVER: ServerProfile = {
  name: 'sd-server',
  server: 'stable-diffusion.cpp',
  features: ['generate', 'edit', 'mask'],
  mask: 'white-edit',
  unsent: ['seed', 'steps', 'guidance_scale', 'negative_prompt', 'sampler', 'strength'],
  sizes: { multipleOf: 64 }
}

/** It starts stable-diffusion.cpp's server and hands settings on as that wants them. */
const LEMONADE: ServerProfile = {
  name: 'lemonade',
  server: 'Lemonade',
  features: ['generate', 'edit', 'mask', 'seed'],
  mask: 'white-edit',
  names: { guidance_scale: 'cfg_scale', sampler: 'sample_method' },
  unsent: ['negative_prompt', 'strength'],
  sizes: { multipleOf: 64 }
}

/** It has no edits of OpenAI's kind, but takes pictures with a generation; its inpainting makes 512×512 whatever is asked. */
const LOCALAI: ServerProfile = {
  name: 'localai',
  server: 'LocalAI',
  features: ['generate', 'edit', 'seed'],
  responseFormat: 'b64_json',
  edits: 'files',
  mask: 'none',
  names: { steps: 'step' },
  unsent: ['negative_prompt', 'guidance_scale', 'sampler', 'strength'],
  signs: /\|/g
}

/** Masks are taken and ignored. */
const VLLM_OMNI: ServerProfile = {
  name: 'vllm-omni',
  server: 'vLLM-Omni',
  features: ['generate', 'edit', 'negative_prompt', 'seed'],
  responseFormat: 'b64_json',
  mask: 'none',
  names: { steps: 'num_inference_steps' },
  unsent: ['sampler']
}

/** Masks are taken and ignored. */
const SGLANG: ServerProfile = {
  name: 'sglang',
  server: 'SGLang',
  features: ['generate', 'edit', 'negative_prompt', 'seed'],
  responseFormat: 'b64_json',
  mask: 'none',
  names: { steps: 'num_inference_steps' },
  unsent: ['sampler', 'strength']
}

/** It hands the fields of a call to what imitates stable-diffusion-webui; for edits the engine automatic1111 drives it. */
const KOBOLDCPP: ServerProfile = {
  name: 'koboldcpp',
  server: 'KoboldCpp',
  features: ['generate', 'negative_prompt', 'seed'],
  names: { guidance_scale: 'cfg_scale', sampler: 'sampler_name' },
  edits: 'none',
  mask: 'none',
  unsent: ['strength'],
  sizes: { multipleOf: 64 }
}

export const PROFILES = {
  generic: GENERIC,
  openai: OPENAI,
  azure: AZURE,
  litellm: LITELLM,
  'llama-swap': LLAMA_SWAP,
  'sd-server': SD_SERVER,
  lemonade: LEMONADE,
  localai: LOCALAI,
  'vllm-omni': VLLM_OMNI,
  sglang: SGLANG,
  koboldcpp: KOBOLDCPP
} as const satisfies Record<string, ServerProfile>

export type ProfileName = keyof typeof PROFILES
export const PROFILE_NAMES = Object.keys(PROFILES) as ProfileName[]
