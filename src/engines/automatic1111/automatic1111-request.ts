import type { ImageTask, Size } from '../../images/image-request.ts'
import type { SizeRules } from '../../images/sizes.ts'
import { chooseSize } from '../choose-size.ts'
import { type AllowedLoras, loraTag, refuseControlTag, takeTags, withNamedLoras } from '../prompt-tags.ts'
import { chooseCallerExtras } from '../caller-extras.ts'
import { chooseSampler, findChoice, type NamedChoice } from '../samplers.ts'
import type { Checkpoint } from './automatic1111-api.ts'
import { KNOWN_EXTRAS, NEVER_SENT } from './known-extras.ts'
import type { OwnerParameters } from './owner-parameters.ts'

export interface RequestRules {
  loras: AllowedLoras
  parameters: OwnerParameters
  sizes: SizeRules
}

/** What is known of the server before a call. */
export interface KnownServer {
  checkpoint: Checkpoint | undefined
  /** Names of its settings: none that it does not have may be overridden. */
  settings: ReadonlySet<string>
  samplers: readonly NamedChoice[]
  schedulers: readonly NamedChoice[]
}

/** Base64 of what the task comes with. */
export interface TaskImages {
  init?: string
  /** Opaque, white = change. */
  mask?: string
}

export interface ServerRequest {
  path: '/sdapi/v1/txt2img' | '/sdapi/v1/img2img'
  body: Record<string, unknown>
  size: Size
  steps: number
  warnings: string[]
}

const USUAL_SIZE: Size = { width: 512, height: 512 }
/** The server's own default would be 50, which its pages have as 20. */
const USUAL_STEPS = 20
const USUAL_GUIDANCE = 7
const USUAL_STRENGTH = 0.75
const USUAL_HIRES_STRENGTH = 0.5
/** Keep what is there and work from it: what people expect of a mask. */
const FILL_WITH_ORIGINAL = 1
const CLIP_SETTING = 'CLIP_stop_at_last_layers'
/** Names of one setting: whether prompt and model are written into the files. */
const METADATA_SETTINGS = ['enable_pnginfo', 'image_metadata']

/** A task as stable-diffusion-webui takes it. Throws `bad_request` for a prompt that holds settings. */
export function buildRequest(
  task: ImageTask,
  { rules, server, images, id }: { rules: RequestRules; server: KnownServer; images: TaskImages; id: string }
): ServerRequest {
  const { parameters } = rules
  const isEdit = images.init !== undefined
  const { size } = chooseSize(task, { usual: USUAL_SIZE, rules: rules.sizes })
  const prompts = cleanPrompts(task, rules.loras)
  const { fields: extras, warnings } = chooseCallerExtras(task.extra, { known: KNOWN_EXTRAS, never: NEVER_SENT })
  const sampler = samplingOf(task, extras, server)
  const usual = { steps: USUAL_STEPS, cfg_scale: USUAL_GUIDANCE, ...parameters.fields }
  const { clip_skip, scheduler: _asked, ...others } = extras
  const skips = server.settings.has(CLIP_SETTING) ? { [CLIP_SETTING]: clip_skip } : {}
  const overrides = overridesOf(parameters, server, clip_skip === undefined ? {} : skips)
  const body = {
    ...usual,
    ...others,
    // Imitators take it as a field.
    ...(clip_skip !== undefined && !server.settings.has(CLIP_SETTING) && { clip_skip }),
    ...sampler.fields,
    ...(task.steps !== undefined && { steps: task.steps }),
    ...(task.guidance_scale !== undefined && { cfg_scale: task.guidance_scale }),
    prompt: prompts.prompt,
    negative_prompt: prompts.negative,
    seed: task.seed,
    ...(isEdit ? sizeFields(size) : hiresFields(size, parameters)),
    ...(isEdit && editFields(task, { images, fields: { ...usual, ...others } })),
    batch_size: 1,
    n_iter: 1,
    send_images: true,
    save_images: false,
    force_task_id: id,
    ...(Object.keys(overrides).length > 0 && { override_settings: overrides })
  }
  const steps = typeof body.steps === 'number' && body.steps > 0 ? body.steps : USUAL_STEPS
  return {
    path: isEdit ? '/sdapi/v1/img2img' : '/sdapi/v1/txt2img',
    body,
    size,
    steps,
    warnings: [...prompts.warnings, ...sampler.warnings, ...warnings]
  }
}

/** Both prompts without what may not be loaded by them. Throws `bad_request` for one that holds settings. */
export function cleanPrompts(
  task: ImageTask,
  allowed: AllowedLoras
): { prompt: string; negative: string; warnings: string[] } {
  refuseControlTag(task)
  const positive = withNamedLoras(takeTags(task.prompt, allowed), task.loras, allowed)
  const negative = takeTags(task.negative_prompt ?? '', [])
  return {
    prompt: [positive.text, ...positive.loras.map(loraTag)].join(' ').trim(),
    negative: negative.text,
    warnings: [...new Set([...positive.warnings, ...negative.warnings])]
  }
}

function samplingOf(
  task: ImageTask,
  extras: Record<string, unknown>,
  { samplers, schedulers }: KnownServer
): { fields: Record<string, unknown>; warnings: string[] } {
  const unknown = (name: string) => `The image server has no such ${name}: its usual one was used.`
  const chosen = task.sampler === undefined ? {} : chooseSampler(task.sampler, { samplers, schedulers })
  const asked = typeof extras.scheduler === 'string' ? extras.scheduler : undefined
  const scheduler = asked === undefined || schedulers.length === 0 ? asked : findChoice(schedulers, asked)?.name
  return {
    fields: {
      ...(chosen?.sampler !== undefined && { sampler_name: chosen.sampler }),
      ...(chosen?.scheduler !== undefined && { scheduler: chosen.scheduler }),
      ...(scheduler !== undefined && { scheduler })
    },
    warnings: [
      ...(chosen ? [] : [unknown('sampler')]),
      ...(asked !== undefined && scheduler === undefined ? [unknown('scheduler')] : [])
    ]
  }
}

function overridesOf(
  { overrides }: OwnerParameters,
  { checkpoint, settings }: KnownServer,
  callers: Record<string, unknown>
): Record<string, unknown> {
  const silent = METADATA_SETTINGS.filter((name) => settings.has(name)).map((name) => [name, false])
  return {
    ...(Object.fromEntries(silent) as Record<string, unknown>),
    ...overrides,
    ...callers,
    ...(checkpoint && { sd_model_checkpoint: checkpoint.title })
  }
}

const sizeFields = ({ width, height }: Size) => ({ width, height })

/** The asked size is that of the second pass. */
function hiresFields(size: Size, { hires, fields }: OwnerParameters): Record<string, unknown> {
  if (hires.enable_hr !== true) return sizeFields(size)
  const scale = typeof hires.hr_scale === 'number' && hires.hr_scale >= 1 ? hires.hr_scale : 2
  const first = (side: number) => Math.max(64, Math.round(side / scale / 8) * 8)
  return {
    // Forge fails without it, and others do not look at it.
    hr_additional_modules: ['Use same choices'],
    denoising_strength: fields.denoising_strength ?? USUAL_HIRES_STRENGTH,
    ...hires,
    width: first(size.width),
    height: first(size.height),
    hr_resize_x: size.width,
    hr_resize_y: size.height
  }
}

function editFields(
  task: ImageTask,
  { images, fields }: { images: TaskImages; fields: Record<string, unknown> }
): Record<string, unknown> {
  const strength = task.strength ?? fields.denoising_strength ?? USUAL_STRENGTH
  return {
    init_images: [images.init],
    denoising_strength: strength,
    include_init_images: false,
    ...(images.mask !== undefined && {
      mask: images.mask,
      inpainting_mask_invert: 0,
      inpaint_full_res: fields.inpaint_full_res ?? false,
      inpaint_full_res_padding: fields.inpaint_full_res_padding ?? 32,
      inpainting_fill: fields.inpainting_fill ?? FILL_WITH_ORIGINAL
    })
  }
}
