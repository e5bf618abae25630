import type { ImageTask, Size } from '../../images/image-request.ts'
import { scaleImage } from '../../images/scale-image.ts'
import { formatSize, type SizeRules } from '../../images/sizes.ts'
import { chooseSize } from '../choose-size.ts'
import { chooseCallerExtras, withoutUndefined } from '../caller-extras.ts'
import { familyOf } from '../comfyui/families.ts'
import { MAX_MADE_PIXELS } from '../finish-image.ts'
import { type AllowedLoras, type NamedLora, takeEveryTag, type TagsOfPrompt, withNamedLoras } from '../prompt-tags.ts'
import { chooseSampler, findChoice, type NamedChoice } from '../samplers.ts'
import type { ServerModel } from './swarmui-api.ts'
import { KNOWN_EXTRAS, NEVER_SENT } from './swarmui-parameters.ts'

export interface RequestRules {
  loras: AllowedLoras
  parameters: Record<string, unknown>
  sizes: SizeRules
  /** `image`: an edit begins from its first image. `reference`: it refers to all of them (Kontext, Qwen-Image-Edit). */
  edits: 'image' | 'reference'
}

/** What is known of the server before a call. */
export interface KnownServer {
  model: ServerModel
  /** LoRAs that were asked for and that it has, by its names. */
  loras: readonly NamedLora[]
  samplers: readonly NamedChoice[]
  schedulers: readonly NamedChoice[]
}

export interface TaskImage {
  bytes: Buffer
  mediaType: string
}

export interface TaskImages {
  /** In the caller's order. */
  images: TaskImage[]
  /** Opaque, white = change. */
  mask?: Buffer
}

export interface ServerRequest {
  body: Record<string, unknown>
  size: Size
  steps: number
  warnings: string[]
}

/** Limits of the server's parameters, and its own usual steps. */
const LEAST_SIDE = 64
const MOST_SIDE = 16_384
const MOST_STEPS = 500
const MOST_GUIDANCE = 100
const USUAL_STEPS = 20
const USUAL_SIZE: Size = { width: 1024, height: 1024 }
const USUAL_STRENGTH = 0.75
/** Families that want other steps and guidance than SwarmUI sends for all. */
const OTHERWISE = ['flux-schnell', 'flux', 'sd3', 'qwen-image', 'z-image']

/** Both prompts without their tags: everything between `<` and `>` is a command there, which may set any parameter. */
export function readPrompts(task: ImageTask, allowed: AllowedLoras): { prompt: TagsOfPrompt; negative: TagsOfPrompt } {
  const prompt = withNamedLoras(takeEveryTag(task.prompt, allowed), task.loras, allowed)
  return { prompt, negative: takeEveryTag(task.negative_prompt ?? '', []) }
}

/** A task as SwarmUI takes it, without a session. */
export async function buildRequest(
  task: ImageTask,
  {
    rules,
    server,
    prompts,
    inputs
  }: { rules: RequestRules; server: KnownServer; prompts: ReturnType<typeof readPrompts>; inputs: TaskImages }
): Promise<ServerRequest> {
  const { parameters } = rules
  const size = sizeOf(task, server.model, rules.sizes)
  const extras = chooseCallerExtras(task.extra, { known: KNOWN_EXTRAS, never: NEVER_SENT })
  const { clip_skip: skip, scheduler: asked, ...others } = extras.fields
  const sampling = samplingOf(task, asked, server)
  const amounts = amountsOf(task, server.model, parameters)
  const loras = server.loras.length > 0 && {
    loras: server.loras.map(({ name }) => name),
    loraweights: server.loras.map(({ weight }) => String(weight))
  }
  return {
    body: {
      ...parameters,
      ...amounts,
      ...others,
      ...(typeof skip === 'number' && { clipstopatlayer: -skip }),
      ...sampling.fields,
      ...loras,
      ...(await imageFields(task, { rules, inputs, size })),
      prompt: prompts.prompt.text,
      negativeprompt: prompts.negative.text,
      model: server.model.name,
      seed: task.seed,
      ...size,
      images: 1,
      batchsize: 1,
      donotsave: true
    },
    size,
    steps: typeof amounts.steps === 'number' && amounts.steps > 0 ? amounts.steps : USUAL_STEPS,
    warnings: [
      ...new Set([
        ...prompts.prompt.warnings,
        ...prompts.negative.warnings,
        ...missingLoras(prompts.prompt.loras, server),
        ...sampling.warnings,
        ...extras.warnings
      ])
    ]
  }
}

/** Within what the server takes of any model. */
function sizeOf(task: ImageTask, model: ServerModel, rules: SizeRules): Size {
  const { width, height } = chooseSize(task, { usual: model.size ?? USUAL_SIZE, rules }).size
  const side = (length: number) => Math.min(MOST_SIDE, Math.max(LEAST_SIDE, length))
  return { width: side(width), height: side(height) }
}

/** Steps and guidance: the caller's, the owner's, or what the model's family wants where that is not what all want. */
function amountsOf(task: ImageTask, { kind, name }: ServerModel, parameters: Record<string, unknown>) {
  const found = familyOf(`${kind.replaceAll('/', '-')} ${name.replace(/^.*\//, '')}`)
  const family = OTHERWISE.includes(found.name) ? found : undefined
  const guidance =
    task.guidance_scale === undefined ? undefined : Math.min(MOST_GUIDANCE, Math.max(0, task.guidance_scale))
  const isDistilled = family?.distilledGuidance !== undefined
  const steps = task.steps === undefined ? undefined : Math.min(MOST_STEPS, Math.max(1, Math.round(task.steps)))
  return withoutUndefined({
    steps: steps ?? parameters.steps ?? family?.steps,
    cfgscale: (isDistilled ? undefined : guidance) ?? parameters.cfgscale ?? family?.cfg,
    ...(isDistilled && { fluxguidancescale: guidance ?? parameters.fluxguidancescale ?? family.distilledGuidance })
  })
}

function samplingOf(
  task: ImageTask,
  asked: unknown,
  { samplers, schedulers }: KnownServer
): { fields: Record<string, unknown>; warnings: string[] } {
  const unknown = (name: string) => `The image server has no such ${name}: its usual one was used.`
  const chosen =
    task.sampler === undefined ? {} : samplers.length > 0 && chooseSampler(task.sampler, { samplers, schedulers })
  const scheduler = typeof asked === 'string' ? findChoice(schedulers, asked)?.name : undefined
  return {
    fields: withoutUndefined({
      sampler: chosen ? chosen.sampler : undefined,
      scheduler: scheduler ?? (chosen ? chosen.scheduler : undefined)
    }),
    warnings: [
      ...(chosen ? [] : [unknown('sampler')]),
      ...(asked !== undefined && scheduler === undefined ? [unknown('scheduler')] : [])
    ]
  }
}

const missingLoras = (asked: readonly NamedLora[], { loras }: KnownServer): string[] =>
  asked
    .filter(({ name }) => !loras.some((lora) => isSameModel(lora.name, name)))
    .map(({ name }) => `The image server has no LoRA '${name.slice(0, 40)}': it was left out.`)

/** Names with and without their ending are one, and folders are separated in either way. */
export const isSameModel = (one: string, another: string): boolean => plainName(one) === plainName(another)

export const plainName = (name: string): string => name.replaceAll('\\', '/').replace(/\.(?:safetensors|sft)$/i, '')

/** What an edit begins from, and its mask, in the size of the result; what it refers to as it is. */
async function imageFields(
  task: ImageTask,
  { rules, inputs, size }: { rules: RequestRules; inputs: TaskImages; size: Size }
): Promise<Record<string, unknown>> {
  const [first, ...others] = inputs.images
  if (!first) return {}
  const source = task.inputs[0] ?? size
  const fitted = async (image: TaskImage): Promise<string> =>
    dataUrl(
      formatSize(source) === formatSize(size)
        ? image
        : { bytes: await scaleImage(image.bytes, size, MAX_MADE_PIXELS), mediaType: 'image/png' }
    )
  const begins = rules.edits === 'image' || inputs.mask !== undefined
  const references = rules.edits === 'image' ? others : inputs.images
  const usual = inputs.mask ? 1 : (rules.parameters.initimagecreativity ?? USUAL_STRENGTH)
  return {
    ...(begins && { initimage: await fitted(first), initimagecreativity: task.strength ?? usual }),
    ...(inputs.mask && { maskimage: await fitted({ bytes: inputs.mask, mediaType: 'image/png' }) }),
    ...(references.length > 0 && { promptimages: references.map(dataUrl) })
  }
}

const dataUrl = ({ bytes, mediaType }: TaskImage): string => `data:${mediaType};base64,${bytes.toString('base64')}`
