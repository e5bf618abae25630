import type { RequestDetail } from '../../../../src/http/dashboard/contract/requests.ts'
import { parseSize, SIZE_PRESETS } from './sizes.ts'

/** What is entered, as text where it is typed. Fields are named as the API names them, and so are errors about them. */
export interface PlaygroundForm {
  prompt: string
  negative_prompt: string
  /** Empty: none is chosen yet. */
  model: string
  /** `auto`, `custom`, or a preset. */
  size: string
  /** Of the custom size. */
  width: string
  height: string
  n: number
  /** Empty: drawn anew for each request. */
  seed: string
  steps: string
  guidance_scale: string
  sampler: string
  /** Empty: as the engine delivers it. */
  output_format: string
  strength: string
  /** A JSON object of further fields. */
  extra: string
}

export const EMPTY_FORM: PlaygroundForm = {
  prompt: '',
  negative_prompt: '',
  model: '',
  size: 'auto',
  width: '1024',
  height: '1024',
  n: 1,
  seed: '',
  steps: '',
  guidance_scale: '',
  sampler: '',
  output_format: '',
  strength: '',
  extra: ''
}

/** An edit begins with one image of the size of its source, whatever was made before. */
export const ONE_EDIT: Partial<PlaygroundForm> = { n: 1, size: 'auto', seed: '' }

type FormName = keyof PlaygroundForm
export type ChangeForm = (part: Partial<PlaygroundForm>) => void

/** Options that are typed as text, and stand in the parameters of a request under the same name. */
export const TYPED_OPTIONS = [
  'negative_prompt',
  'seed',
  'steps',
  'guidance_scale',
  'sampler',
  'output_format',
  'strength'
] as const satisfies FormName[]

const OWN_FIELDS: readonly string[] = ['n', 'size', ...TYPED_OPTIONS]

/** The form that would make this request again. */
export function formOf({ model, prompt, parameters }: RequestDetail): PlaygroundForm {
  const typed = TYPED_OPTIONS.map((name) => [name, textOf(parameters[name])])
  const extra = Object.fromEntries(Object.entries(parameters).filter(([name]) => !OWN_FIELDS.includes(name)))
  return {
    ...EMPTY_FORM,
    ...(Object.fromEntries(typed) as Partial<PlaygroundForm>),
    ...sizeOf(parameters.size),
    model,
    prompt,
    n: typeof parameters.n === 'number' ? parameters.n : 1,
    extra: Object.keys(extra).length === 0 ? '' : JSON.stringify(extra, null, 2)
  }
}

function sizeOf(value: unknown): Partial<PlaygroundForm> {
  const size = parseSize(value)
  if (!size || typeof value !== 'string') return { size: 'auto' }
  if (SIZE_PRESETS.some((preset) => preset.value === value)) return { size: value }
  return { size: 'custom', width: String(size.width), height: String(size.height) }
}

const textOf = (value: unknown): string => (typeof value === 'string' || typeof value === 'number' ? String(value) : '')

/** A stored form; what is missing or of another kind (an older version wrote it) is as in an empty one. */
export function readForm(text: string | null): PlaygroundForm {
  try {
    const stored = JSON.parse(text ?? '{}') as Partial<Record<FormName, unknown>>
    const usable = Object.entries(stored).filter(
      ([name, value]) => typeof value === typeof EMPTY_FORM[name as FormName]
    )
    return { ...EMPTY_FORM, ...(Object.fromEntries(usable) as Partial<PlaygroundForm>) }
  } catch {
    return EMPTY_FORM
  }
}
