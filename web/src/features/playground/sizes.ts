import type { RequestSummary } from '../../../../src/http/dashboard/contract/requests.ts'

/** Pixels, width × height. */
export type Size = NonNullable<RequestSummary['size']>

export interface SizePreset {
  /** As the API spells it. */
  value: string
  label: string
  size: Size
}

const preset = (label: string, width: number, height: number): SizePreset => ({
  value: `${width}x${height}`,
  label,
  size: { width, height }
})

/** About one megapixel each, in the proportions that SDXL and its successors were trained on. */
export const SIZE_PRESETS: readonly SizePreset[] = [
  preset('Square', 1024, 1024),
  preset('Portrait', 896, 1152),
  preset('Landscape', 1152, 896),
  preset('Wide', 1344, 768),
  preset('Tall', 768, 1344)
]

/** Assumed where the engine chooses. */
export const USUAL_SIZE: Size = { width: 1024, height: 1024 }

/** Undefined for `auto`, and for what is no size. */
export function parseSize(text: unknown): Size | undefined {
  const [, width, height] = /^(\d{2,5})x(\d{2,5})$/.exec(typeof text === 'string' ? text : '') ?? []
  return width === undefined ? undefined : { width: Number(width), height: Number(height) }
}

/** The largest size of these proportions that fits into a square of `side`. */
export function fitInto({ width, height }: Size, side: number): Size {
  const scale = side / Math.max(width, height)
  return { width: Math.round(width * scale), height: Math.round(height * scale) }
}
