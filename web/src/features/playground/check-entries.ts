import { type FieldValue, MAX_SIDE, MIN_SIDE, PARAMETERS, SEEDS } from '../../../../src/images/fields.ts'
import { knows } from '../../lib/features-of.ts'
import type { Entries } from './build-call.ts'
import { TYPED_NAMES, type TypedName } from './playground-form.ts'

export type FieldName = 'prompt' | 'images' | 'model' | 'size' | 'n' | 'extra' | TypedName

/** In the order of their controls, by and large. */
export const FIELD_NAMES: readonly FieldName[] = [
  'prompt',
  'negative_prompt',
  'images',
  'model',
  'size',
  'n',
  ...TYPED_NAMES.filter((name) => name !== 'negative_prompt'),
  'extra'
]

/** What is wrong, by field; `images` are the source images and the mask, `extra` the JSON of further fields. */
export type FieldErrors = Partial<Record<FieldName, string>>

/** Fields that the page fills in itself. */
const OWN_FIELDS: readonly string[] = [...FIELD_NAMES, 'async', 'visibility', 'expires_in', 'image', 'mask', 'stream']

/** What the server would refuse, told before anything is sent. Empty: nothing. */
export function checkEntries(entries: Entries): FieldErrors {
  const { form } = entries
  return definedOnly({
    prompt: checkPrompt(entries),
    images: checkSources(entries),
    model: form.model === '' ? 'Choose a model.' : undefined,
    size: form.size === 'custom' ? checkSize(form) : undefined,
    ...Object.fromEntries(TYPED_NAMES.map((name) => [name, checkTyped(PARAMETERS[name].value, form[name])])),
    extra: checkExtra(form.extra)
  })
}

function checkPrompt({ form, sources, features }: Entries): string | undefined {
  if (form.prompt.trim() !== '') return undefined
  if (sources.length === 0) return 'Describe the image you want.'
  if (sources.length > 1) return 'Describe the change. Without a prompt only one image can be varied.'
  return knows(features, 'variation') || knows(features, 'edit') ? undefined : 'Describe the change.'
}

/** What is wrong with the source images beside the model and the prompt. */
export function checkSources({ form, sources, features }: Entries): string | undefined {
  if (sources.length === 0) return undefined
  const varies = form.prompt.trim() === '' && knows(features, 'variation')
  if (!knows(features, 'edit') && !varies) {
    return `The model ${form.model} does not edit images. Choose another model, or remove the images.`
  }
  if (sources.length > 1 && !knows(features, 'multi_image')) {
    return `The model ${form.model} takes one image. Remove the others.`
  }
  return undefined
}

function checkSize({ width, height }: { width: string; height: string }): string | undefined {
  const range = { min: MIN_SIDE, max: MAX_SIDE, whole: true, required: true }
  return checkNumber(width, range) ?? checkNumber(height, range)
}

/** Texts have no bound that anybody reaches by typing; choices are chosen. */
function checkTyped(value: FieldValue, text: string): string | undefined {
  switch (value.type) {
    case 'integer':
    case 'number':
      return checkNumber(text, { ...value, whole: value.type === 'integer' })
    case 'seed':
      return checkNumber(text, { min: 0, max: SEEDS - 1, whole: true })
    default:
      return undefined
  }
}

interface NumberRange {
  min: number
  max?: number
  whole?: boolean
  required?: boolean
}

function checkNumber(text: string, range: NumberRange): string | undefined {
  const { min, max = Infinity, whole = false, required = false } = range
  if (text.trim() === '' && !required) return undefined
  const value = text.trim() === '' ? NaN : Number(text)
  if (value >= min && value <= max && (!whole || Number.isInteger(value))) return undefined
  return `Enter a ${whole ? 'whole number' : 'number'} ${max === Infinity ? `from ${min} on` : `between ${min} and ${max}`}.`
}

function checkExtra(text: string): string | undefined {
  if (text.trim() === '') return undefined
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    return `This is not valid JSON: ${error instanceof Error ? error.message : 'check quotes and commas'}`
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return 'Enter a JSON object, such as {"clip_skip": 2}.'
  }
  const own = Object.keys(value).find((name) => OWN_FIELDS.includes(name))
  return own === undefined ? undefined : `"${own}" has its own place on this page.`
}

const definedOnly = (errors: Partial<Record<FieldName, string | undefined>>): FieldErrors =>
  Object.fromEntries(Object.entries(errors).filter(([, message]) => message !== undefined)) as FieldErrors

/** The field that an error of the server is about; undefined: none of them. */
export function fieldOf(param: string | null, extra: string): FieldName | undefined {
  if (param === null) return undefined
  const [name = ''] = param.split('[')
  if (['image', 'images', 'mask'].includes(name)) return 'images'
  const known = FIELD_NAMES.find((one) => one === name)
  return known ?? (extra.includes(`"${name}"`) ? 'extra' : undefined)
}
