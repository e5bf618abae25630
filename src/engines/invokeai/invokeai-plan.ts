import type { ImageTask, Size } from '../../images/image-request.ts'
import { decodeWhiteOnBlackPng, encodeWhiteOnBlackPng } from '../../images/mask.ts'
import { scaleImage } from '../../images/scale-image.ts'
import { formatSize, type SizeRules } from '../../images/sizes.ts'
import { chooseSize } from '../choose-size.ts'
import { isWord, type KnownExtras, number } from '../caller-extras.ts'
import { chooseCallerExtras } from '../caller-extras.ts'
import { EngineError } from '../engine.ts'
import { MAX_MADE_PIXELS } from '../finish-image.ts'
import { type AllowedLoras, takeEveryTag, withNamedLoras } from '../prompt-tags.ts'
import { chooseSampler, type NamedChoice } from '../samplers.ts'
import type { InvokeModel } from './invokeai-api.ts'
import type { Architecture, Wish } from './invokeai-graph.ts'
import { architectureOf, findFluxParts, findLoras, identify } from './invokeai-models.ts'
import type { InvokeSchema } from './invokeai-schema.ts'

/** What the owner has set for one model. */
export interface ModelRules {
  loras: AllowedLoras
  steps?: number
  guidanceScale?: number
  scheduler?: string
  sizes: Partial<SizeRules>
}

export interface Planned {
  wish: Wish
  /** Whether the caller named the size. */
  isSizeCallers: boolean
  warnings: string[]
}

/** Fields beside the common ones that change nothing but the picture. Nothing else that a caller sends is used. */
export const KNOWN_EXTRAS: KnownExtras = { cfg_scale: { isFit: number(0, 100) }, scheduler: { isFit: isWord } }
const NEVER_SENT = /^/

const MULTIPLES: Readonly<Record<Architecture, number>> = { sd: 8, sdxl: 8, flux: 16 }
const MAX_PIXELS = 2_000_000
const MOST_STEPS = 1000
const MOST_GUIDANCE = 100
const LEAST_SIDE = 64
const LEAST_STRENGTH = 0.01
const USUAL_STRENGTH = 0.75

/** What a model of its kind wants where nobody says anything else. */
const usualOf = (architecture: Architecture, { variant }: InvokeModel) => {
  if (architecture === 'flux') return { steps: /schnell/.test(variant) ? 4 : 25, guidance: 3.5, side: 1024 }
  return { steps: 30, guidance: architecture === 'sdxl' ? 6 : 7.5, side: architecture === 'sdxl' ? 1024 : 512 }
}

/** What a task asks of a model, in values that the server takes. Images are not in it yet. Throws `EngineError`. */
export function planImage(
  task: ImageTask,
  {
    model,
    models,
    schema,
    rules
  }: { model: InvokeModel; models: readonly InvokeModel[]; schema: InvokeSchema; rules: ModelRules }
): Planned {
  const architecture = architectureOf(model)
  if (!architecture) {
    const kind = model.base.slice(0, 40) || 'another'
    throw new EngineError('model_missing', `Models of InvokeAI of the kind '${kind}' are not driven here.`)
  }
  if (task.inputs.filter(({ name }) => name !== 'mask').length > 1) {
    throw new EngineError('crashed', 'InvokeAI is driven with one image at a time.')
  }
  const usual = usualOf(architecture, model)
  const extras = chooseCallerExtras(task.extra, { known: KNOWN_EXTRAS, never: NEVER_SENT })
  const positive = withNamedLoras(takeEveryTag(task.prompt, rules.loras), task.loras, rules.loras)
  const negative = takeEveryTag(task.negative_prompt ?? '', [])
  const isFlux = architecture === 'flux'
  const loras = findLoras(models, positive.loras, model.base)
  const sampling = chooseScheduler(task, { asked: extras.fields.scheduler, model, rules, schema, isFlux })
  const guidance = bounded(task.guidance_scale ?? extras.fields.cfg_scale ?? rules.guidanceScale, MOST_GUIDANCE)
  const steps = bounded(task.steps ?? rules.steps ?? model.usual.steps ?? usual.steps, MOST_STEPS) ?? usual.steps
  const isSizeCallers = task.size !== undefined && !task.unasked?.includes('size')
  const vae = models.find(({ key, type }) => type === 'vae' && key === model.usual.vae)
  const hasMask = task.inputs.some(({ name }) => name === 'mask')
  const asksNegative = negative.text !== '' && !task.unasked?.includes('negative_prompt')
  return {
    wish: {
      architecture,
      model: identify(model),
      ...(isFlux && { parts: findFluxParts(models) }),
      ...(vae && !isFlux && { vae: identify(vae) }),
      isHalf: model.usual.isHalf,
      prompt: positive.text,
      negativePrompt: negative.text,
      seed: task.seed,
      steps: Math.max(1, Math.round(steps)),
      // One that is below makes InvokeAI leave the negative prompt out.
      cfg: guidance ?? model.usual.cfg ?? usual.guidance,
      guidance: guidance ?? model.usual.guidance ?? usual.guidance,
      scheduler: sampling.scheduler,
      size: sizeOf(task, {
        usual: model.usual.size ?? { width: usual.side, height: usual.side },
        rules,
        architecture
      }),
      strength:
        task.inputs.length === 0
          ? 1
          : Math.max(LEAST_STRENGTH, Math.min(1, task.strength ?? (hasMask ? 1 : USUAL_STRENGTH))),
      loras: loras.loras
    },
    isSizeCallers,
    warnings: [
      ...new Set([
        ...(isFlux && asksNegative ? ["'negative_prompt' was not used: this model works without."] : []),
        ...positive.warnings,
        ...negative.warnings,
        ...loras.warnings,
        ...sampling.warnings,
        ...extras.warnings
      ])
    ]
  }
}

function sizeOf(
  task: ImageTask,
  { usual, rules, architecture }: { usual: Size; rules: ModelRules; architecture: Architecture }
): Size {
  const multipleOf = leastCommon(MULTIPLES[architecture], rules.sizes.multipleOf ?? 1)
  const { size } = chooseSize(task, { usual, rules: { maxPixels: MAX_PIXELS, ...rules.sizes, multipleOf } })
  const least = Math.ceil(LEAST_SIDE / multipleOf) * multipleOf
  return { width: Math.max(least, size.width), height: Math.max(least, size.height) }
}

/** Of what its nodes refuse otherwise, and what the owner wants. */
function leastCommon(one: number, other: number): number {
  let multiple = one
  while (multiple % other !== 0) multiple += one
  return multiple
}

/** InvokeAI has one list for what others call samplers and schedulers: `_k` is for Karras. */
function chooseScheduler(
  task: ImageTask,
  given: { asked: unknown; model: InvokeModel; rules: ModelRules; schema: InvokeSchema; isFlux: boolean }
): { scheduler: string | undefined; warnings: string[] } {
  const { asked, model, rules, schema, isFlux } = given
  const known = schema.choices(isFlux ? 'flux_denoise' : 'denoise_latents', 'scheduler')
  const samplers = known.map((name): NamedChoice => ({ name, names: [name, name.replace(/_k$/, ' karras')] }))
  const find = (name: string) => chooseSampler(name, { samplers, schedulers: [] })?.sampler
  const own = [rules.scheduler, model.usual.scheduler].find((name) => name !== undefined && known.includes(name))
  if (task.sampler === undefined && asked === undefined) return { scheduler: own, warnings: [] }
  const words = [task.sampler, asked].filter((word) => typeof word === 'string')
  const chosen = known.length === 0 ? undefined : (find(words.join(' ')) ?? find(words[0] ?? ''))
  const isWhole = chosen !== undefined && find(words.join(' ')) !== undefined
  return {
    scheduler: chosen ?? own,
    warnings: isWhole
      ? []
      : [`The image server has no such ${chosen === undefined ? 'sampler' : 'scheduler'}: its usual one was used.`]
  }
}

const bounded = (value: unknown, most: number): number | undefined =>
  typeof value === 'number' && Number.isFinite(value) ? Math.min(most, Math.max(0, value)) : undefined

/** An image in the size of the result, as its nodes want it. */
export async function fitImage(image: Buffer, { source, size }: { source: Size; size: Size }): Promise<Buffer> {
  return formatSize(source) === formatSize(size) ? image : scaleImage(image, size, MAX_MADE_PIXELS)
}

/** InvokeAI changes what is black. `mask` is opaque, white = change. */
export async function invertMask(mask: Buffer): Promise<Buffer> {
  const { pixels, width, height } = await decodeWhiteOnBlackPng(mask)
  return encodeWhiteOnBlackPng({ pixels: Buffer.from(pixels.map((value) => 255 - value)), width, height })
}
