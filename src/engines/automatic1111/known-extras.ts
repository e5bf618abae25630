import { isSwitch, isWord, type KnownExtras, number, whole } from '../caller-extras.ts'

/** Fields beside the common ones that change nothing but the picture, with what their values may be. */
export const KNOWN_EXTRAS: KnownExtras = {
  clip_skip: { isFit: whole(1, 12) },
  distilled_cfg_scale: { isFit: number(0, 100) },
  distilled_guidance: { isFit: number(0, 100), to: 'distilled_cfg_scale' },
  eta: { isFit: number(0, 1) },
  image_cfg_scale: { isFit: number(0, 100) },
  inpainting_fill: { isFit: whole(0, 3) },
  mask_blur: { isFit: whole(0, 64) },
  restore_faces: { isFit: isSwitch },
  scheduler: { isFit: isWord },
  subseed: { isFit: whole(0, 2 ** 32 - 1) },
  subseed_strength: { isFit: number(0, 1) },
  tiling: { isFit: isSwitch }
}

/**
 * What no caller decides, whatever the service lets through: other models, scripts (which may run code), files, the cost of
 * a picture, and what is the adapter's own.
 */
export const NEVER_SENT =
  /^(?:alwayson_scripts|script_.*|override_.*|infotext|styles|refiner_.*|enable_hr|hr_.*|firstphase_.*|batch_size|n_iter|steps|width|height|seed.*|sampler_.*|init_images|mask|include_init_images|inpaint_full_res.*|inpainting_mask_invert|send_images|save_images|do_not_save_.*|force_task_id|comments|face.*|ip_adapter|extra.*|control.*|model|lora|resize_mode|denoising_strength|disable_extra_networks|sd_.*|forge_.*)$/
