import type { ImageTask } from '../../images/image-request.ts'
import { isOpenAIModel } from '../../images/model-names.ts'
import { EngineError } from '../engine.ts'

export interface RequestFields {
  /** By their names on the wire; without `response_format`. */
  fields: Record<string, unknown>
  /**
   * Those among them that the caller did not send, or will get without the server's help: they are left out where the
   * server refuses them.
   */
  dispensable: string[]
  warnings: string[]
}

/** Widespread among compatible servers, unknown to OpenAI, which answers an unknown parameter with an error. */
const UNKNOWN_TO_OPENAI = ['seed', 'negative_prompt', 'steps', 'guidance_scale', 'sampler', 'strength']
/** The agent converts images by itself. */
const DONE_BY_AGENT = ['output_format', 'output_compression']
/** The adapter's own to decide: it reads neither event streams nor more than one image. */
const ADAPTERS_OWN = ['response_format', 'stream', 'partial_images']
/** stable-diffusion.cpp obeys a block of settings of this name inside the prompt: size, count, file paths. */
const PROMPT_CONTROL_TAG = 'sd_cpp_extra_args'

/**
 * What a task says on the wire, prompt, model and size unchanged. Extra fields travel beside the known ones and
 * never replace them. For OpenAI's own models the parameters that OpenAI refuses are left out, with a warning where they
 * were asked for; of the seed the agent tells. Throws `bad_request` for a prompt that holds settings.
 */
export function requestFields(task: ImageTask): RequestFields {
  if (task.prompt.includes(PROMPT_CONTROL_TAG)) {
    throw new EngineError('bad_request', `The prompt may not contain '${PROMPT_CONTROL_TAG}'.`)
  }
  const known = knownFields(task)
  const withheld = isOpenAIModel(task.model) ? UNKNOWN_TO_OPENAI : []
  const reserved = new Set([...Object.keys(known), ...ADAPTERS_OWN])
  const extra = Object.entries(task.extra).filter(([name]) => !reserved.has(name))
  const sent = Object.entries(known).filter(([name, value]) => value !== undefined && !withheld.includes(name))
  const unasked = task.unasked ?? []
  const missed = withheld.filter((name) => name !== 'seed' && known[name] !== undefined && !unasked.includes(name))
  return {
    fields: Object.fromEntries([...sent, ...extra]),
    dispensable: ['n', ...(task.size ? [] : ['size']), ...DONE_BY_AGENT, ...unasked],
    warnings: missed.map((name) => `'${name}' is not supported by ${task.model} and was not sent.`)
  }
}

/**
 * An edit without a size is as large as its first image; OpenAI's own models take few sizes and decide it themselves.
 */
function sizeOf(task: ImageTask): string | undefined {
  const [first] = task.inputs
  const size = task.size ?? (first && !isOpenAIModel(task.model) ? first : undefined)
  return size && `${size.width}x${size.height}`
}

const knownFields = (task: ImageTask): Record<string, unknown> => ({
  model: task.model,
  prompt: task.kind === 'variation' ? undefined : task.prompt,
  n: 1,
  size: sizeOf(task),
  seed: task.seed,
  negative_prompt: task.negativePrompt,
  steps: task.steps,
  guidance_scale: task.guidanceScale,
  sampler: task.sampler,
  strength: task.strength,
  quality: task.quality,
  background: task.background,
  output_format: task.outputFormat,
  output_compression: task.outputCompression,
  moderation: task.moderation,
  style: task.style
})
