import type { OutputFormat } from './media-types.ts'

export type ImageKind = 'generation' | 'edit' | 'variation'

/** What a service can do. `generate` is text to image; the others are what an edit or a field may need. */
export const FEATURES = [
  'generate',
  'edit',
  'mask',
  'multi_image',
  'variation',
  'negative_prompt',
  'seed',
  'preview'
] as const
export type Feature = (typeof FEATURES)[number]

/**
 * Whether something with these features can do what is needed. A variation is also within reach of what can edit: the
 * agent makes an image-to-image pass of it and says so.
 */
export const canDo = (features: readonly string[], needs: readonly string[]): boolean =>
  needs.every((need) => features.includes(need) || (need === 'variation' && features.includes('edit')))

/** The features a service must have for such a call, in a fixed order: they are compared as text when claiming. */
export function neededFeatures(call: {
  kind: ImageKind
  inputs: readonly { kind: 'input' | 'mask' }[]
  alphaMask: boolean | undefined
}): Feature[] {
  if (call.kind === 'generation') return ['generate']
  if (call.kind === 'variation') return ['variation']
  const images = call.inputs.filter(({ kind }) => kind === 'input').length
  const masked = call.alphaMask === true || call.inputs.some(({ kind }) => kind === 'mask')
  return ['edit', ...(masked ? (['mask'] as const) : []), ...(images > 1 ? (['multi_image'] as const) : [])]
}

/** Pixels, width × height. */
export interface Size {
  width: number
  height: number
}

/**
 * The fields of a call that describe the picture, in canonical form: what every form of a call is parsed into, what is
 * recorded, and what an engine is given. An absent member was not asked for.
 */
export interface ImageParameters {
  /** Absent: the engine chooses ("auto"); for an edit, the size of the first image. */
  size?: Size
  /** The caller named no size: it is what a limit leaves of an automatic one, and an engine may make it smaller. */
  isSizeUnasked?: boolean
  /** Of image 0; image i uses seed + i. 0 … 2^32 − 1, which every known engine accepts. */
  seed?: number
  negativePrompt?: string
  steps?: number
  guidanceScale?: number
  sampler?: string
  /** Denoising strength of an edit or variation: 0 keeps the source, 1 ignores it. */
  strength?: number
  outputFormat?: OutputFormat
  /** 0 – 100, for jpeg and webp. */
  outputCompression?: number
  quality?: string
  background?: 'transparent' | 'opaque' | 'auto'
  moderation?: 'low' | 'auto'
  style?: string
  /** Of an edit without a mask: change what is fully transparent (alpha 0) in the first image, keep the rest. */
  alphaMask?: boolean
  /** Fields this product does not know, as sent; passed to engines that understand them. */
  extra: Record<string, unknown>
}

/** A parsed and validated call, whichever API it came by. */
export interface ImageRequest {
  kind: ImageKind
  model: string
  prompt: string
  /** Images wanted, 1 … limits.maxImagesPerRequest. */
  n: number
  parameters: ImageParameters
  /** What parsing already has to tell the caller (a clamped `n`, …). */
  warnings: string[]
}

/** One source image or mask of a task, in the order the caller sent them. */
export interface TaskInput {
  /** `image0`, `image1`, … and `mask`. */
  name: string
  mediaType: string
  width: number
  height: number
}

/** One image to make: what an engine gets. */
export interface ImageTask extends Omit<ImageParameters, 'seed' | 'alphaMask' | 'isSizeUnasked'> {
  kind: ImageKind
  /** The engine's own name of the model (`served_as`). */
  model: string
  prompt: string
  /** Always there: drawn before dispatch when the caller named none, so that it can be reported and repeated. */
  seed: number
  /** Names on the wire of fields that are set and were not asked for: `seed` when it was drawn, `size`, `strength`. */
  unasked?: readonly string[]
  inputs: TaskInput[]
}
