import { EngineOptionError, refuseReserved } from '../engine-options.ts'
import { members } from '../upstream-text.ts'

/** Parameters that an owner cannot set: the adapter decides them, or the caller does. */
const RESERVED = [
  'prompt',
  'negative_prompt',
  'seed',
  'width',
  'height',
  'init_images',
  'mask',
  'inpainting_mask_invert',
  'include_init_images',
  'batch_size',
  'n_iter',
  'send_images',
  'save_images',
  'force_task_id',
  'infotext'
]
/** Hires fix is a second pass of what was made from a text. */
const HIRES = /^(?:enable_hr$|hr_)/

/** What an owner has every call sent with. */
export interface OwnerParameters {
  /** By names of the server, without those below. */
  fields: Record<string, unknown>
  /** Of a generation: `enable_hr` and its kin, empty when there is none. */
  hires: Record<string, unknown>
  overrides: Record<string, unknown>
}

/** Reads the option `parameters`. Throws `EngineOptionError` for what is not the owner's to set there. */
export function readOwnerParameters(mapping: Record<string, unknown> = {}): OwnerParameters {
  const overrides = members(mapping.override_settings)
  refuseReserved(mapping, RESERVED)
  if ('sd_model_checkpoint' in overrides) {
    throw new EngineOptionError("option 'parameters' must not set a checkpoint: that is a model's served_as")
  }
  const entries = Object.entries(mapping).filter(([name]) => name !== 'override_settings')
  return {
    fields: Object.fromEntries(entries.filter(([name]) => !HIRES.test(name))),
    hires: mapping.enable_hr === true ? Object.fromEntries(entries.filter(([name]) => HIRES.test(name))) : {},
    overrides
  }
}
