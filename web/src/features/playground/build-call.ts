import type { RequestDetail, RequestKind } from '../../../../src/http/dashboard/contract/requests.ts'
import { type Field, FIELDS, type FieldValue, PARAMETERS, SEEDS } from '../../../../src/images/fields.ts'
import { knows } from '../../lib/features-of.ts'
import { parseLoras } from '../../lib/lora-text.ts'
import { chosenVisibility } from '../../lib/visibility-words.ts'
import { type PlaygroundForm, TYPED_NAMES } from './playground-form.ts'
import { fromAsset, maskFromAsset, type SourceImage } from './sources/source-image.ts'

/** The fields of a call beside its images, as the API spells them. */
export interface CallFields {
  model: string
  prompt: string
  n?: number
  size?: string
  [option: string]: unknown
}

/** A call as it can be sent, or shown as code. */
export interface PlaygroundCall {
  kind: RequestKind
  fields: CallFields
  /** None for a generation. */
  sources: readonly SourceImage[]
}

export interface Entries {
  form: PlaygroundForm
  sources: readonly SourceImage[]
  /** What the model can do; undefined: no machine is known to have it. */
  features: readonly string[] | undefined
}

/** An engine that can edit makes variations, too. */
const canVary = (features: Entries['features']) => knows(features, 'variation') || knows(features, 'edit')

/** Sources make it an edit, or a variation where nothing is said about the change. */
export function kindOf({ form, sources, features }: Entries): RequestKind {
  if (sources.length === 0) return 'generation'
  return form.prompt.trim() === '' && sources.length === 1 && canVary(features) ? 'variation' : 'edit'
}

/** The mask that will be sent, if any. */
export const maskOf = ({ kind, sources }: Pick<PlaygroundCall, 'kind' | 'sources'>) =>
  kind === 'edit' ? sources[0]?.mask : undefined

/** Fields left empty, and those the model is known not to understand, are left out. The entries must be in order. */
export function buildCall(entries: Entries): PlaygroundCall {
  const { form, sources, features } = entries
  const kind = kindOf(entries)
  const fields: CallFields = {
    model: form.model,
    prompt: form.prompt,
    ...(form.n !== FIELDS.n.default && { n: form.n }),
    ...sizeField(form),
    ...typedFields(form, kind, features),
    ...visibilityField(form.visibility),
    ...(form.expires_in !== '' && { expires_in: Number(form.expires_in) }),
    ...(form.extra.trim() !== '' && (JSON.parse(form.extra) as Record<string, unknown>))
  }
  const usable = knows(features, 'mask') ? sources : sources.map(withoutMask)
  return { kind, fields, sources: kind === 'generation' ? [] : usable }
}

const withoutMask = ({ mask: _, ...source }: SourceImage): SourceImage => source

const visibilityField = (visibility: string): { visibility?: string } => (visibility === '' ? {} : { visibility })

function sizeField({ size, width, height }: PlaygroundForm): { size?: string } {
  if (size === FIELDS.size.default) return {}
  return { size: size === 'custom' ? `${Number(width)}x${Number(height)}` : size }
}

/** The parameters of the form that mean something in a call of this kind, of a model with these features. */
function typedFields(form: PlaygroundForm, kind: RequestKind, features: Entries['features']): Record<string, unknown> {
  const names = TYPED_NAMES.filter((name) => {
    const { kinds, honouredBy }: Field = PARAMETERS[name]
    const isHonoured = honouredBy === undefined || knows(features, honouredBy)
    return isHonoured && (kinds?.includes(kind) ?? true) && form[name].trim() !== ''
  })
  return Object.fromEntries(names.map((name) => [name, valueOf(PARAMETERS[name].value, form[name].trim())]))
}

function valueOf({ type }: FieldValue, text: string): unknown {
  switch (type) {
    case 'integer':
    case 'number':
    case 'seed':
      return Number(text)
    case 'boolean':
      return text === 'true'
    case 'loras':
      return parseLoras(text)
    default:
      return text
  }
}

/** The call that was made as this request; with `seed` another one is put in place of its own. */
export function callOf(request: RequestDetail, seed?: number): PlaygroundCall {
  const { n, size, ...options } = request.parameters
  return {
    kind: request.kind,
    fields: {
      model: request.model,
      prompt: request.prompt,
      ...(typeof n === 'number' && n !== FIELDS.n.default && { n }),
      ...(typeof size === 'string' && size !== FIELDS.size.default && { size }),
      ...options,
      ...visibilityField(chosenVisibility(request.visibility)),
      ...(request.expiresIn !== null && { expires_in: request.expiresIn }),
      ...(seed !== undefined && { seed })
    },
    sources: sourcesOf(request)
  }
}

/** The source images of a request, the first one with its mask. */
export function sourcesOf({ inputs, mask }: Pick<RequestDetail, 'inputs' | 'mask'>): SourceImage[] {
  return inputs.map((input, index) => ({
    ...fromAsset(input),
    ...(index === 0 && mask && { mask: maskFromAsset(mask.id) })
  }))
}

export const randomSeed = (): number => (crypto.getRandomValues(new Uint32Array(1))[0] ?? 0) % SEEDS

/**
 * The seed that makes the images of a request again: what was asked for, or what was drawn. The image at position i is
 * made with seed + i. Undefined where no image server told one.
 */
export function seedOf({ parameters, images }: Pick<RequestDetail, 'parameters' | 'images'>): number | undefined {
  if (typeof parameters.seed === 'number') return parameters.seed
  const [first] = images.flatMap(({ seed, position }) => (seed === null || seed >= SEEDS ? [] : [seed - position]))
  return first === undefined ? undefined : (first + SEEDS) % SEEDS
}
