import { LIFETIMES } from '../lib/lifetimes.ts'
import { VISIBILITIES } from '../lib/visibility.ts'
import { OUTPUT_FORMATS, spellFormat } from './media-types.ts'

/** Where fields may be sent: `images/generations`, `images/edits`, `images/variations`. */
export const IMAGE_KINDS = ['generation', 'edit', 'variation'] as const

/** Seeds are whole numbers from 0 and below this, which every known engine accepts. */
export const SEEDS = 2 ** 32

/** Bounds of each side of an image that is asked for, in pixels. */
export const MIN_SIDE = 16
export const MAX_SIDE = 16_384

/** Furthest that a weight of a LoRA may be from 0. */
export const MAX_LORA_WEIGHT = 10

/** Small weights that change a model, by a name that `GET /v1/models` lists. */
export interface Lora {
  name: string
  /** As trained: 1. */
  weight: number
}

/** What a value may be; bounds are included. Numbers may come as text, as those of a form do. */
export type FieldValue =
  /** UTF-16 units at most; `prompt`: as long as a prompt may be, which operators set. */
  | { type: 'text'; maxChars: number | 'prompt' }
  | { type: 'integer' | 'number'; min: number; max?: number }
  /** Whole seconds within the bounds, or 0. */
  | { type: 'lifetime'; min: number; max: number }
  | { type: 'boolean' }
  /** `spell` brings what clients write for a choice into its own spelling. */
  | { type: 'choice'; of: readonly string[]; spell?: (text: string) => string }
  /** `auto`, which counts as not sent, or `WIDTHxHEIGHT`. */
  | { type: 'size' }
  /** A list of names with weights; an empty one counts as not sent. */
  | { type: 'loras'; maxItems: number; maxChars: number }
  /** A whole number; −1 counts as not sent, and what is above the bound is folded. */
  | { type: 'seed' }

/** One field of an image call, under its name on the wire, which it keeps wherever it goes. */
export interface Field {
  value: FieldValue
  /** What counts as not sent; absent: nothing does. */
  default?: string | number | boolean
  /** The calls it means something in, absent: all. Elsewhere it is not used, and a warning says so. */
  kinds?: readonly (typeof IMAGE_KINDS)[number][]
  /** What a service must be able to do for a call that sends it. */
  needs?: 'mask'
  /** What models declare that honour it; the others make a warning of it, and the dashboard offers it for none of them. */
  honouredBy?: 'seed' | 'negative_prompt'
  /** The agent deals with it, and no engine gets it. */
  isAgents?: boolean
  /** OpenAI's API has no such parameter, and its own models answer one that they do not know with an error. */
  isUnknownToOpenAI?: boolean
  /** How the message `attempt.assigned` spells it, since its first version; absent: as the wire does. */
  inTask?: string
  /** What the playground calls it; absent: it is among the extra fields there. */
  label?: string
  /** For the API document. */
  description: string
  examples?: readonly (string | number)[]
}

/** What is asked, how often, and how the answer is delivered: all for the gateway. */
export const CALL_FIELDS = {
  model: {
    value: { type: 'text', maxChars: 200 },
    label: 'Model',
    description: 'An image model id from `GET /v1/models`.',
    examples: ['demo']
  },
  prompt: {
    value: { type: 'text', maxChars: 'prompt' },
    label: 'Prompt',
    description: 'What to show.',
    examples: ['a red fox in the snow']
  },
  n: {
    value: { type: 'integer', min: 1 },
    default: 1,
    label: 'Images',
    description: 'Images wanted; more than the limit is clamped, with a warning.'
  },
  response_format: {
    value: { type: 'choice', of: ['url', 'b64_json'] },
    description: '`url`, or `b64_json` to get the bytes inline as well. Default: as the key says, else `url`.'
  },
  async: {
    value: { type: 'boolean' },
    default: false,
    description: 'Answer 202 with a job at once instead of waiting for the images.'
  },
  webhook_url: {
    value: { type: 'text', maxChars: 1024 },
    description:
      'With `async: true`: this `http` or `https` address is called when the job ends. The secret of the key signs the call.'
  },
  user: { value: { type: 'text', maxChars: 1000 }, description: 'Your end-user id; recorded, not forwarded.' },
  inference_club_routing: {
    value: { type: 'choice', of: ['any', 'prefer_own', 'only_own'] },
    default: 'any',
    description: 'Whose machines may work on it: `any` (default), `prefer_own`, or `only_own`, which waits for yours.'
  },
  visibility: {
    value: { type: 'choice', of: VISIBILITIES },
    label: 'Visibility',
    description:
      'Who may fetch the images: `PUBLIC` and `UNLISTED` whoever has the URL, `PRIVATE` members, `SECRET` you alone. Default: as the key says, else you do in your account, else `UNLISTED`.'
  },
  expires_in: {
    value: { type: 'lifetime', ...LIFETIMES },
    label: 'Kept for',
    description:
      'Seconds after its end at which the request is deleted with its images and inputs; 0: once its images are delivered, as base64 in the answer or by the first fetch of their URLs. Usage counts stay. Default: as the key says, else it is kept.',
    examples: [86_400]
  },
  stream: {
    value: { type: 'boolean' },
    default: false,
    kinds: ['generation', 'edit'],
    description:
      'Answer with server-sent events: previews, then the image as base64. Of one image only, and without `async`.'
  },
  partial_images: {
    value: { type: 'integer', min: 0, max: 3 },
    default: 0,
    kinds: ['generation', 'edit'],
    description: 'With `stream: true`: previews to send, at most, from models that can give them.'
  }
} as const satisfies Record<string, Field>

/** What describes the picture: recorded together, sent to the agent, and shown with the job. */
export const PARAMETERS = {
  size: {
    value: { type: 'size' },
    default: 'auto',
    label: 'Size',
    description: '`auto` or `WIDTHxHEIGHT`, in pixels.',
    examples: ['1024x1024']
  },
  seed: {
    value: { type: 'seed' },
    isUnknownToOpenAI: true,
    honouredBy: 'seed',
    label: 'Seed',
    description:
      'Of the first image; image i uses seed + i. -1, or none, has one drawn; of more than 32 bits the remainder modulo 2^32 is used.',
    examples: [42]
  },
  negative_prompt: {
    value: { type: 'text', maxChars: 'prompt' },
    isUnknownToOpenAI: true,
    honouredBy: 'negative_prompt',
    label: 'Negative prompt',
    description: 'What not to show, where the engine can. At most as long as a prompt.'
  },
  steps: {
    value: { type: 'integer', min: 1, max: 1000 },
    isUnknownToOpenAI: true,
    label: 'Steps',
    description: 'Sampling steps, where the engine can.',
    examples: [20]
  },
  guidance_scale: {
    value: { type: 'number', min: 0, max: 1000 },
    isUnknownToOpenAI: true,
    label: 'Guidance scale',
    description: 'How closely to follow the prompt, where the engine can.'
  },
  sampler: {
    value: { type: 'text', maxChars: 100 },
    isUnknownToOpenAI: true,
    label: 'Sampler',
    description: 'As the engine names it.'
  },
  strength: {
    value: { type: 'number', min: 0, max: 1 },
    kinds: ['edit', 'variation'],
    isUnknownToOpenAI: true,
    label: 'Strength',
    description: 'How much of the image is made anew: 0 keeps it, 1 ignores it, where the engine can.'
  },
  loras: {
    value: { type: 'loras', maxItems: 8, maxChars: 200 },
    isUnknownToOpenAI: true,
    label: 'LoRAs',
    description:
      'LoRAs to use, of those that `GET /v1/models` lists with the model: a list of `{name, weight}`, weights from -10 to 10, or of names. The image goes to a machine that has them all.'
  },
  output_format: {
    value: { type: 'choice', of: OUTPUT_FORMATS, spell: spellFormat },
    label: 'Output format',
    description: 'Converted where the engine returns something else. Default: as it came.'
  },
  output_compression: { value: { type: 'integer', min: 0, max: 100 }, description: 'For jpeg and webp.' },
  quality: {
    value: { type: 'text', maxChars: 40 },
    description: 'As the engine names it: `low`, `medium`, `high`, `auto`, …'
  },
  background: {
    value: { type: 'choice', of: ['transparent', 'opaque', 'auto'] },
    description: 'Transparent needs png or webp.'
  },
  moderation: { value: { type: 'choice', of: ['low', 'auto'] }, description: 'Passed to engines that know it.' },
  style: { value: { type: 'text', maxChars: 200 }, description: 'As the engine names it.' },
  inference_club_alpha_mask: {
    value: { type: 'boolean' },
    default: false,
    kinds: ['edit'],
    needs: 'mask',
    isAgents: true,
    inTask: 'alpha_mask',
    description: 'Without a mask: change what is fully transparent (alpha 0) in the first image, keep the rest.'
  }
} as const satisfies Record<string, Field>

export const FIELDS = { ...CALL_FIELDS, ...PARAMETERS }

export type FieldName = keyof typeof FIELDS
export type ParameterName = keyof typeof PARAMETERS

/** A value of that kind in canonical form. */
type ValueOf<V extends FieldValue> = V extends { type: 'text' }
  ? string
  : V extends { type: 'integer' | 'number' | 'lifetime' | 'seed' }
    ? number
    : V extends { type: 'boolean' }
      ? boolean
      : V extends { type: 'choice'; of: readonly (infer Choice)[] }
        ? Choice
        : V extends { type: 'loras' }
          ? readonly Lora[]
          : { width: number; height: number }

export type FieldOf<Name extends FieldName> = ValueOf<(typeof FIELDS)[Name]['value']>

/** The parameters that were asked for, in canonical form. */
export type Parameters = { [Name in ParameterName]?: FieldOf<Name> }

/** Those of them that an engine gets. */
export type EngineParameterName = {
  [Name in ParameterName]: (typeof PARAMETERS)[Name] extends { isAgents: true } ? never : Name
}[ParameterName]

/** The names and fields of a part of the table, in its order. */
export const entriesOf = <Name extends FieldName>(table: Record<Name, Field>): [Name, Field][] =>
  Object.entries(table) as [Name, Field][]

export const ENGINE_PARAMETER_NAMES = entriesOf<ParameterName>(PARAMETERS)
  .filter(([, field]) => field.isAgents !== true)
  .map(([name]) => name as EngineParameterName)
