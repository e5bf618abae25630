import type { ImageTask, Size } from '../../images/image-request.ts'
import { scaleImage } from '../../images/scale-image.ts'
import { formatSize, type SizeRules } from '../../images/sizes.ts'
import { sniffMediaType } from '../../images/sniff-media-type.ts'
import { transcodeImage } from '../../images/transcode.ts'
import { chooseSize } from '../choose-size.ts'
import { chooseCallerExtras, withoutUndefined } from '../caller-extras.ts'
import { MAX_MADE_PIXELS } from '../finish-image.ts'
import { type AllowedLoras, type NamedLora, refuseControlTag, takeTags, withNamedLoras } from '../prompt-tags.ts'
import { chooseSampler, findChoice } from '../samplers.ts'
import { members } from '../upstream-text.ts'
import type { Capabilities } from './sdcpp-api.ts'
import { KNOWN_EXTRAS, NEVER_SENT } from './sdcpp-parameters.ts'

export interface RequestRules {
  loras: AllowedLoras
  parameters: Record<string, unknown>
  sizes: SizeRules
  /** `image`: an edit begins from its first image. `reference`: it refers to all of them (Kontext, Qwen-Image-Edit). */
  edits: 'image' | 'reference'
}

export interface TaskImages {
  /** In the caller's order. */
  images: Buffer[]
  /** Opaque, white = change. */
  mask?: Buffer
}

export interface ServerRequest {
  body: Record<string, unknown>
  size: Size
  warnings: string[]
}

const USUAL_SIZE: Size = { width: 512, height: 512 }
const USUAL_STRENGTH = 0.75

/** A task as stable-diffusion.cpp takes it. Throws `bad_request` for a prompt that holds settings. */
export async function buildRequest(
  task: ImageTask,
  { rules, server, inputs }: { rules: RequestRules; server: Capabilities; inputs: TaskImages }
): Promise<ServerRequest> {
  refuseControlTag(task)
  const size = sizeOf(task, rules.sizes, server)
  const positive = withNamedLoras(takeTags(task.prompt, rules.loras), task.loras, rules.loras)
  const negative = takeTags(task.negative_prompt ?? '', [])
  const loras = findLoras(positive.loras, server)
  const sampling = samplingOf(task, rules, server)
  const { parameters } = rules
  const owners = Array.isArray(parameters.lora) ? (parameters.lora as unknown[]) : []
  return {
    body: {
      ...parameters,
      ...sampling.fields,
      prompt: positive.text,
      negative_prompt: negative.text,
      ...size,
      // Without one it would always be 42.
      seed: task.seed,
      batch_count: 1,
      lora: [...owners, ...loras.found],
      ...(await imageFields(task, { rules, inputs, size })),
      // Prompt, model and settings would be written into the file.
      embed_image_metadata: parameters.embed_image_metadata ?? false,
      output_format: 'png'
    },
    size,
    warnings: [...new Set([...positive.warnings, ...negative.warnings, ...loras.warnings, ...sampling.warnings])]
  }
}

/** The server would round up by itself, and take what is beyond the limits that it tells as well. */
function sizeOf(task: ImageTask, sizes: SizeRules, { minSide, maxSide }: Capabilities): Size {
  const { width, height } = chooseSize(task, { usual: USUAL_SIZE, rules: sizes }).size
  const step = sizes.multipleOf
  const bound = (side: number) =>
    Math.max(Math.ceil(minSide / step) * step, Math.min(Math.floor(maxSide / step) * step, side))
  return { width: bound(width), height: bound(height) }
}

/** By the paths that the server itself lists: none is made of a caller's words. */
function findLoras(
  asked: readonly NamedLora[],
  { loras }: Capabilities
): { found: { path: string; multiplier: number }[]; warnings: string[] } {
  const found = asked.map(({ name, weight }) => {
    const entry = loras.find((one) => [one.name, one.path].some((own) => own.toLowerCase() === name.toLowerCase()))
    return { name, lora: entry && { path: entry.path, multiplier: weight } }
  })
  return {
    found: found.flatMap(({ lora }) => lora ?? []),
    warnings: found
      .filter(({ lora }) => !lora)
      .map(({ name }) => `The image server has no LoRA '${name.slice(0, 40)}': it was left out.`)
  }
}

function samplingOf(
  task: ImageTask,
  { parameters }: RequestRules,
  { samplers, schedulers }: Capabilities
): { fields: Record<string, unknown>; warnings: string[] } {
  const extras = chooseCallerExtras(task.extra, { known: KNOWN_EXTRAS, never: NEVER_SENT })
  const { clip_skip, eta, flow_shift, img_cfg, distilled_guidance, scheduler: asked } = extras.fields
  const chosen = task.sampler === undefined ? {} : chooseSampler(task.sampler, { samplers, schedulers })
  const scheduler = typeof asked === 'string' ? findChoice(schedulers, asked)?.name : chosen?.scheduler
  const unknown = (name: string) => `The image server has no such ${name}: its usual one was used.`
  const usual = members(parameters.sample_params)
  const guidance = {
    ...members(usual.guidance),
    ...withoutUndefined({ txt_cfg: task.guidance_scale, img_cfg, distilled_guidance })
  }
  const sampling = {
    ...usual,
    ...withoutUndefined({ sample_method: chosen?.sampler, scheduler, sample_steps: task.steps, eta, flow_shift }),
    ...(Object.keys(guidance).length > 0 && { guidance })
  }
  return {
    fields: {
      ...withoutUndefined({ clip_skip }),
      ...(Object.keys(sampling).length > 0 && { sample_params: sampling })
    },
    warnings: [
      ...extras.warnings,
      ...(chosen ? [] : [unknown('sampler')]),
      ...(asked !== undefined && scheduler === undefined ? [unknown('scheduler')] : [])
    ]
  }
}

/** All in the size of the result: the server would crop them, each by itself. */
async function imageFields(
  task: ImageTask,
  { rules, inputs, size }: { rules: RequestRules; inputs: TaskImages; size: Size }
): Promise<Record<string, unknown>> {
  const [first, ...others] = inputs.images
  if (!first) return {}
  const source = task.inputs[0] ?? size
  const fitted = async (image: Buffer): Promise<string> =>
    formatSize(source) === formatSize(size)
      ? readable(image)
      : (await scaleImage(image, size, MAX_MADE_PIXELS)).toString('base64')
  const begins = rules.edits === 'image' || inputs.mask !== undefined
  const references = begins && rules.edits === 'image' ? others : inputs.images
  const referred: string[] = []
  for (const image of references) referred.push(await readable(image))
  return {
    ...(begins && {
      init_image: await fitted(first),
      strength: task.strength ?? rules.parameters.strength ?? USUAL_STRENGTH
    }),
    ...(inputs.mask && { mask_image: await fitted(inputs.mask) }),
    ...(referred.length > 0 && { ref_images: referred })
  }
}

/** Builds without libwebp refuse WebP, and the whole call with it. */
const readable = async (image: Buffer): Promise<string> =>
  (sniffMediaType(image) === 'image/webp'
    ? (await transcodeImage({ input: image, format: 'png', maxPixels: MAX_MADE_PIXELS })).bytes
    : image
  ).toString('base64')
