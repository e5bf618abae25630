import { isWord, type KnownExtras, number, whole } from '../caller-extras.ts'
import { refuseReserved } from '../engine-options.ts'

/** Those of the adapter, or of the caller alone. */
const RESERVED = [
  'prompt',
  'negative_prompt',
  'seed',
  'width',
  'height',
  'batch_count',
  'init_image',
  'mask_image',
  'ref_images',
  'output_format',
  'output_compression'
]

/** Reads the option `parameters`. Throws `EngineOptionError` for what is not the owner's to set there. */
export function readSdcppParameters(mapping: Record<string, unknown> = {}): Record<string, unknown> {
  refuseReserved(mapping, RESERVED)
  return mapping
}

/** Fields beside the common ones that change nothing but the picture, with what their values may be. */
export const KNOWN_EXTRAS: KnownExtras = {
  clip_skip: { isFit: whole(-1, 12) },
  distilled_guidance: { isFit: number(0, 100) },
  eta: { isFit: number(0, 1) },
  flow_shift: { isFit: number(0, 100) },
  image_guidance: { isFit: number(0, 100), to: 'img_cfg' },
  scheduler: { isFit: isWord }
}

/** No other goes to the server, whatever the service lets through: its fields name files and decide the cost. */
export const NEVER_SENT = /^/
