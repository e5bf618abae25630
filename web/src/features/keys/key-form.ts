import type { ChangedKey, NewKey, Scope } from '../../../../src/http/dashboard/contract/keys.ts'
import type { Visibility } from '../../../../src/http/dashboard/contract/requests.ts'
import { EMPTY_LIMITS_FORM, type LimitsForm, readCount, readLimits } from '../../components/limits/limits-form.ts'
import { describeKeyLimits, type FormatChoice } from './key-words.ts'

export const EXPIRIES = ['never', '7', '30', '90', 'date'] as const
/** Never, after so many days, or with a day of the calendar. */
export type Expiry = (typeof EXPIRIES)[number]

/** The dialog as it is filled in: numbers as typed, an empty one is no limit. */
export interface KeyForm extends LimitsForm {
  name: string
  expiry: Expiry
  /** `YYYY-MM-DD`, the last day, for `expiry: 'date'`. */
  date: string
  scopes: readonly Scope[]
  rateLimit: string
  responseFormat: FormatChoice
  /** Empty: as the account says. */
  visibility: Visibility | ''
  /** Seconds as text; empty: what is made with it is kept. */
  expiresIn: string
}

/** What every part of the form is given. */
export interface KeyFormPart {
  form: KeyForm
  errors: KeyFormErrors
  change: (part: Partial<KeyForm>) => void
}

export const EMPTY_KEY_FORM: KeyForm = {
  ...EMPTY_LIMITS_FORM,
  name: '',
  expiry: 'never',
  date: '',
  scopes: ['generate', 'agent'],
  rateLimit: '',
  responseFormat: 'auto',
  visibility: '',
  expiresIn: ''
}

/** What is wrong, by field. */
export type KeyFormErrors = Partial<Record<keyof KeyForm, string>>

const DAY_MS = 86_400_000
const FIELDS = Object.keys(EMPTY_KEY_FORM) as (keyof KeyForm)[]

/** What to send; or, when it cannot be sent, why. An admin's key may have a rate of 0: no limit at all. */
export function readKeyForm(
  form: KeyForm,
  { now, isAdmin }: { now: number; isAdmin: boolean }
): { key: NewKey } | { errors: KeyFormErrors } {
  const { limits, errors: limitErrors } = readLimits(form)
  const errors: KeyFormErrors = { ...limitErrors }
  const name = form.name.trim()
  if (name === '') errors.name = 'Say what the key is for.'
  if (form.scopes.length === 0) errors.scopes = 'Choose at least one.'
  const expiresAt = expiryOf(form, now)
  if (expiresAt !== null && !(expiresAt > now)) errors.date = 'Choose a day that has not passed.'
  const rate = readCount(form.rateLimit, isAdmin ? 0 : 1)
  if ('error' in rate) errors.rateLimit = rate.error
  if ('error' in rate || Object.keys(errors).length > 0) return { errors }
  const { scopes } = form
  const responseFormat = form.responseFormat === 'auto' ? null : form.responseFormat
  const defaults = defaultsOf(form)
  return { key: { name, scopes: [...scopes], expiresAt, limits, rateLimit: rate.count, responseFormat, ...defaults } }
}

/** The limits of a key that was made before, as they are filled in. */
export type KeyLimitsForm = LimitsForm & Pick<KeyForm, 'rateLimit'>
/** A key that was made before, as it is filled in. */
export type KeyChangeForm = KeyLimitsForm & Pick<KeyForm, 'visibility' | 'expiresIn'>
export type KeyLimitsErrors = Partial<Record<keyof KeyLimitsForm, string>>

/** Whether something is wrong with the limits, whatever else is. */
export const hasLimitErrors = (errors: KeyFormErrors): boolean =>
  LIMIT_FIELDS.some((field) => errors[field] !== undefined)

const LIMIT_FIELDS = [...(Object.keys(EMPTY_LIMITS_FORM) as (keyof LimitsForm)[]), 'rateLimit'] as const

/** What to send; or, when it cannot be sent, why. */
export function readKeyChange(
  form: KeyChangeForm,
  { leastRate }: { leastRate: number }
): { change: ChangedKey } | { errors: KeyLimitsErrors } {
  const { limits, errors: limitErrors } = readLimits(form)
  const rate = readCount(form.rateLimit, leastRate)
  const errors: KeyLimitsErrors = { ...limitErrors, ...('error' in rate && { rateLimit: rate.error }) }
  if ('error' in rate || Object.keys(errors).length > 0) return { errors }
  return { change: { limits, rateLimit: rate.count, ...defaultsOf(form) } }
}

const defaultsOf = ({ visibility, expiresIn }: Pick<KeyForm, 'visibility' | 'expiresIn'>) => ({
  visibility: visibility === '' ? null : visibility,
  expiresIn: expiresIn === '' ? null : Number(expiresIn)
})

/** A chosen day counts until its end where the reader is; NaN when none was chosen. */
function expiryOf({ expiry, date }: KeyForm, now: number): number | null {
  if (expiry === 'never') return null
  if (expiry === 'date') return new Date(`${date}T23:59:59.999`).getTime()
  return now + Number(expiry) * DAY_MS
}

/** The field of the dialog that an error of the server is about; its `param` names limits as `limits.<field>`. */
export function fieldOf(param: string | null): keyof KeyForm | undefined {
  const name = param?.replace(/^limits\./, '')
  if (name === 'expiresAt') return 'date'
  return FIELDS.find((field) => field === name)
}

/** The limits that are filled in for a new key, in short, as far as they can be read. */
export function describeDraft(form: KeyLimitsForm): string {
  const rate = readCount(form.rateLimit, 0)
  const { limits } = readLimits(form)
  const words = describeKeyLimits({
    limits: { ...limits, models: limits.models?.length === 0 ? null : limits.models },
    rateLimit: 'error' in rate ? null : rate.count
  })
  return words.length === 0 ? 'None of its own' : words.join(', ')
}
