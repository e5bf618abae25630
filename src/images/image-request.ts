import {
  type EngineParameterName,
  type Field,
  type IMAGE_KINDS,
  type ParameterName,
  type Parameters,
  PARAMETERS
} from './fields.ts'

export type ImageKind = (typeof IMAGE_KINDS)[number]

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

const FEATURE_OF: Record<ImageKind, Feature> = { generation: 'generate', edit: 'edit', variation: 'variation' }

/** The features a service must have for such a call, in the order of `FEATURES`: they are compared as text when claiming. */
export function neededFeatures(call: {
  kind: ImageKind
  inputs: readonly { kind: 'input' | 'mask' }[]
  parameters: Parameters
}): Feature[] {
  const { kind, inputs, parameters } = call
  const needs = new Set<Feature>([FEATURE_OF[kind], ...needsOfParameters(parameters)])
  if (kind === 'edit' && inputs.some((input) => input.kind === 'mask')) needs.add('mask')
  if (kind === 'edit' && inputs.filter((input) => input.kind === 'input').length > 1) needs.add('multi_image')
  return FEATURES.filter((feature) => needs.has(feature))
}

const needsOfParameters = (parameters: Parameters): Feature[] =>
  (Object.keys(parameters) as ParameterName[]).flatMap((name) => {
    const field: Field | undefined = PARAMETERS[name]
    return field?.needs === undefined ? [] : [field.needs]
  })

/** Pixels, width × height. */
export interface Size {
  width: number
  height: number
}

/**
 * The fields of a call that describe the picture, in canonical form under their names on the wire: what every form of a
 * call is parsed into, what is recorded, and what an engine is given. An absent member was not asked for. Of the size:
 * the engine chooses, for an edit that of the first image.
 */
export interface ImageParameters extends Parameters {
  /** The caller named no size: it is what a limit leaves of an automatic one, and an engine may make it smaller. */
  size_unasked?: boolean
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
export interface ImageTask extends Omit<Pick<Parameters, EngineParameterName>, 'seed'> {
  kind: ImageKind
  /** The engine's own name of the model (`served_as`). */
  model: string
  prompt: string
  /** Always there: drawn before dispatch when the caller named none, so that it can be reported and repeated. */
  seed: number
  /** Names on the wire of fields that are set and were not asked for: `seed` when it was drawn, `size`, `strength`. */
  unasked?: readonly string[]
  inputs: TaskInput[]
  /** Fields this product does not know, of those that the service lets through. */
  extra: Record<string, unknown>
}
