import type { RequestDetail } from '../../../../src/http/dashboard/contract/requests.ts'
import { entriesOf, FIELDS, type ParameterName, PARAMETERS } from '../../../../src/images/fields.ts'
import { lorasIn, spellLoras } from '../../lib/lora-text.ts'
import { chosenVisibility } from '../../lib/visibility-words.ts'
import { parseSize, SIZE_PRESETS } from './sizes.ts'

/** Parameters that the playground has a control for, which holds text. */
export type TypedName = Exclude<
  { [Name in ParameterName]: (typeof PARAMETERS)[Name] extends { label: string } ? Name : never }[ParameterName],
  'size'
>

/** They stand in the parameters of a request under the same names. */
export const TYPED_NAMES = entriesOf<ParameterName>(PARAMETERS)
  .filter(([name, { label }]) => label !== undefined && name !== 'size')
  .map(([name]) => name as TypedName)

/** What is entered, as text where it is typed. Fields are named as the API names them, and so are errors about them. */
export interface PlaygroundForm extends Record<TypedName, string> {
  prompt: string
  /** Empty: none is chosen yet. */
  model: string
  /** `auto`, `custom`, or a preset. */
  size: string
  /** Of the custom size. */
  width: string
  height: string
  n: number
  /** Empty: as the account says. */
  visibility: string
  /** Seconds as text; empty: it is kept, or as the key says. */
  expires_in: string
  /** A JSON object of further fields. */
  extra: string
}

/** Empty: as the model has it; of the seed: drawn anew for each request. */
const NOTHING_TYPED = Object.fromEntries(TYPED_NAMES.map((name) => [name, ''])) as Record<TypedName, string>

export const EMPTY_FORM: PlaygroundForm = {
  ...NOTHING_TYPED,
  prompt: '',
  model: '',
  size: FIELDS.size.default,
  width: '1024',
  height: '1024',
  n: FIELDS.n.default,
  visibility: '',
  expires_in: '',
  extra: ''
}

/** An edit begins with one image of the size of its source, whatever was made before. */
export const ONE_EDIT: Partial<PlaygroundForm> = { n: 1, size: 'auto', seed: '' }

type FormName = keyof PlaygroundForm
export type ChangeForm = (part: Partial<PlaygroundForm>) => void

const OWN_FIELDS: readonly string[] = ['n', 'size', ...TYPED_NAMES]

/** The form that would make this request again. */
export function formOf({ model, prompt, parameters, visibility, expiresIn }: RequestDetail): PlaygroundForm {
  const typed = TYPED_NAMES.map((name) => [name, textOf(parameters[name])])
  const extra = Object.fromEntries(Object.entries(parameters).filter(([name]) => !OWN_FIELDS.includes(name)))
  return {
    ...EMPTY_FORM,
    ...(Object.fromEntries(typed) as Partial<PlaygroundForm>),
    ...sizeOf(parameters.size),
    loras: spellLoras(lorasIn(parameters.loras)),
    model,
    prompt,
    n: typeof parameters.n === 'number' ? parameters.n : 1,
    visibility: chosenVisibility(visibility),
    expires_in: expiresIn === null ? '' : String(expiresIn),
    extra: Object.keys(extra).length === 0 ? '' : JSON.stringify(extra, null, 2)
  }
}

function sizeOf(value: unknown): Partial<PlaygroundForm> {
  const size = parseSize(value)
  if (!size || typeof value !== 'string') return { size: 'auto' }
  if (SIZE_PRESETS.some((preset) => preset.value === value)) return { size: value }
  return { size: 'custom', width: String(size.width), height: String(size.height) }
}

const textOf = (value: unknown): string => (['string', 'number', 'boolean'].includes(typeof value) ? String(value) : '')

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
