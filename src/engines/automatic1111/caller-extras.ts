/** Fields beside the common ones that change nothing but the picture, with what their values may be. */
const EXTRAS: Readonly<Record<string, { isFit: (value: unknown) => boolean; to?: string }>> = {
  clip_skip: { isFit: whole(1, 12) },
  distilled_cfg_scale: { isFit: number(0, 100) },
  distilled_guidance: { isFit: number(0, 100), to: 'distilled_cfg_scale' },
  eta: { isFit: number(0, 1) },
  image_cfg_scale: { isFit: number(0, 100) },
  inpainting_fill: { isFit: whole(0, 3) },
  mask_blur: { isFit: whole(0, 64) },
  restore_faces: { isFit: isSwitch },
  scheduler: { isFit: (value) => typeof value === 'string' && value.length <= 100 },
  subseed: { isFit: whole(0, 2 ** 32 - 1) },
  subseed_strength: { isFit: number(0, 1) },
  tiling: { isFit: isSwitch }
}

export const EXTRA_NAMES = Object.keys(EXTRAS)

/**
 * What no caller decides, whatever the service lets through: other models, scripts (which may run code), files, the cost of
 * a picture, and what is the adapter's own.
 */
const NEVER =
  /^(?:alwayson_scripts|script_.*|override_.*|infotext|styles|refiner_.*|enable_hr|hr_.*|firstphase_.*|batch_size|n_iter|steps|width|height|seed.*|sampler_.*|init_images|mask|include_init_images|inpaint_full_res.*|inpainting_mask_invert|send_images|save_images|do_not_save_.*|force_task_id|comments|face.*|ip_adapter|extra.*|control.*|model|lora|resize_mode|denoising_strength|disable_extra_networks|sd_.*|forge_.*)$/

/** Extra fields under the server's names, and a warning of those that are not sent. Numbers may come as text. */
export function chooseCallerExtras(extra: Record<string, unknown>): {
  fields: Record<string, unknown>
  warnings: string[]
} {
  const fields: Record<string, unknown> = {}
  const warnings: string[] = []
  for (const [name, sent] of Object.entries(extra)) {
    const known = Object.hasOwn(EXTRAS, name) ? EXTRAS[name] : undefined
    const value = known ? fromText(sent) : sent
    if (known ? known.isFit(value) : !NEVER.test(name)) fields[known?.to ?? name] = value
    else
      warnings.push(
        `'${name.slice(0, 40)}' was not sent to the image server${known ? ': its value does not fit' : ''}.`
      )
  }
  return { fields, warnings: warnings.slice(0, 10) }
}

/** Forms hold nothing but text. */
function fromText(value: unknown): unknown {
  if (typeof value !== 'string') return value
  if (/^(?:true|false)$/.test(value)) return value === 'true'
  return /^-?\d{1,12}(?:\.\d{1,12})?$/.test(value) ? Number(value) : value
}

function number(min: number, max: number) {
  return (value: unknown): boolean => typeof value === 'number' && value >= min && value <= max
}

function whole(min: number, max: number) {
  return (value: unknown): boolean => Number.isSafeInteger(value) && number(min, max)(value)
}

function isSwitch(value: unknown): boolean {
  return typeof value === 'boolean'
}
