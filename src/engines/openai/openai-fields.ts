import type { ImageTask, Size } from '../../images/image-request.ts'
import { type EngineParameterName, ENGINE_PARAMETER_NAMES, entriesOf, PARAMETERS } from '../../images/fields.ts'
import { fitWithin, formatSize, type SizeRules } from '../../images/sizes.ts'
import { isOpenAIModel } from '../../images/model-names.ts'
import { isSizeAsked } from '../choose-size.ts'
import { refuseControlTag } from '../prompt-tags.ts'
import type { ServerProfile } from './profiles.ts'

export interface RequestFields {
  /** By the server's names; without those that are the adapter's own to decide. */
  fields: Record<string, unknown>
  /**
   * Those among them that the caller did not send, or will get without the server's help: they are left out where the
   * server refuses them.
   */
  dispensable: string[]
  /** What `size` says where the caller named none. */
  chosenSize: Size | undefined
  /** What callers call the field that was sent under this name. */
  nameOf: (sentAs: string) => string
  warnings: string[]
}

const UNKNOWN_TO_OPENAI: readonly string[] = entriesOf(PARAMETERS)
  .filter(([, field]) => field.isUnknownToOpenAI === true)
  .map(([name]) => name)
/** A photo is larger than most models can make; sizes that are no multiples of 16 are refused, or rounded unasked. */
export const USUAL_SIZES: SizeRules = { maxPixels: 4_000_000, multipleOf: 16 }

/**
 * What compatible servers know beside OpenAI's fields, and what changes nothing but the picture: numbers, words and
 * switches. Not among them: whatever names a file, an address or another model.
 */
export const HARMLESS_EXTRAS = [
  'cfg_rescale',
  'cfg_scale',
  'clip_skip',
  'denoising_strength',
  'distilled_guidance',
  'eta',
  'flow_shift',
  'guidance',
  'guidance_rescale',
  'input_fidelity',
  'num_inference_steps',
  'sample_method',
  'sample_steps',
  'sampler_name',
  'sampling_method',
  'scheduler',
  'shift',
  'step',
  'true_cfg_scale'
]

/** The agent converts images by itself. */
const DONE_BY_AGENT = ['output_format', 'output_compression']
/** The adapter's own to decide. */
const ADAPTERS_OWN = ['response_format', 'stream', 'partial_images']

/**
 * What a task says on the wire, prompt, model and size unchanged. Extra fields travel beside the known ones and
 * never replace them. Parameters that the server is known not to take are left out, as those that OpenAI does not have are for its
 * own models, with a warning where they were asked for; of the seed the agent tells. Throws `bad_request` for a prompt that holds settings.
 */
export function requestFields(task: ImageTask, profile: ServerProfile, sizes: SizeRules): RequestFields {
  refuseControlTag(task)
  const isOpenAIs = profile.isOpenAIs === true || isOpenAIModel(task.model)
  const chosenSize = isOpenAIs ? undefined : sizeOfImage(task, sizes)
  const known = knownFields(task, isSizeAsked(task) ? task.size : chosenSize, profile.signs)
  const withheld: readonly string[] = isOpenAIs ? UNKNOWN_TO_OPENAI : ['loras', ...(profile.unsent ?? [])]
  const spell = (name: string): string => (!isOpenAIs && profile.names?.[name as EngineParameterName]) || name
  const sent = Object.entries(known)
    .filter(([name, value]) => value !== undefined && !withheld.includes(name))
    .map(([name, value]): [string, unknown] => [spell(name), value])
  const reserved = new Set([...Object.keys(known), ...sent.map(([name]) => name), ...ADAPTERS_OWN])
  const extra = Object.entries(task.extra).filter(([name]) => !reserved.has(name))
  const unasked = task.unasked ?? []
  const missed = withheld.filter((name) => name !== 'seed' && known[name] !== undefined && !unasked.includes(name))
  return {
    fields: Object.fromEntries([...sent, ...extra]),
    chosenSize,
    dispensable: ['n', ...(isSizeAsked(task) ? [] : ['size']), ...DONE_BY_AGENT, ...unasked.map(spell)],
    nameOf: (sentAs) => ENGINE_PARAMETER_NAMES.find((name) => spell(name) === sentAs) ?? sentAs,
    warnings: missed.map((name) => `'${name}' is not supported by ${task.model} and was not sent.`)
  }
}

/**
 * An edit without a size is as large as its first image, as far as the server goes. Undefined when the caller named one
 * or there is no image. Not for OpenAI's own models, which take few sizes and decide it themselves.
 */
function sizeOfImage(task: ImageTask, sizes: SizeRules): Size | undefined {
  if (isSizeAsked(task)) return undefined
  const wanted = task.size ?? task.inputs[0]
  return wanted && fitWithin(wanted, sizes)
}

const knownFields = (task: ImageTask, size: Size | undefined, signs?: RegExp): Record<string, unknown> => ({
  model: task.model,
  prompt: task.kind === 'variation' ? undefined : signs ? task.prompt.replace(signs, ',') : task.prompt,
  n: 1,
  ...Object.fromEntries(ENGINE_PARAMETER_NAMES.map((name) => [name, task[name]])),
  size: size && formatSize(size)
})
