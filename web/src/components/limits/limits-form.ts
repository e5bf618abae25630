import type { KeyLimits } from '../../../../src/http/dashboard/contract/keys.ts'

/** Limits as they are filled in: numbers as typed, an empty one is no limit. */
export interface LimitsForm {
  imagesPerDay: string
  imagesPerMonth: string
  maxActive: string
  /** Width × height of one image. */
  maxPixels: string
  /** Null: all models. */
  models: readonly string[] | null
}

export const EMPTY_LIMITS_FORM: LimitsForm = {
  imagesPerDay: '',
  imagesPerMonth: '',
  maxActive: '',
  maxPixels: '',
  models: null
}

/** What is wrong, by field. */
export type LimitsFormErrors = Partial<Record<keyof LimitsForm, string>>

const COUNTS = ['imagesPerDay', 'imagesPerMonth', 'maxActive', 'maxPixels'] as const

export const limitsFormOf = (limits: KeyLimits): LimitsForm => ({
  imagesPerDay: textOf(limits.imagesPerDay),
  imagesPerMonth: textOf(limits.imagesPerMonth),
  maxActive: textOf(limits.maxActive),
  maxPixels: textOf(limits.maxPixels),
  models: limits.models
})

const textOf = (limit: number | null): string => (limit === null ? '' : String(limit))

/** What to send, and what is wrong with it. */
export function readLimits(form: LimitsForm): { limits: KeyLimits; errors: LimitsFormErrors } {
  const errors: LimitsFormErrors = {}
  const limits: KeyLimits = {
    imagesPerDay: null,
    imagesPerMonth: null,
    maxActive: null,
    maxPixels: null,
    models: form.models && [...form.models]
  }
  for (const field of COUNTS) {
    const read = readCount(form[field], 1)
    if ('error' in read) errors[field] = read.error
    else limits[field] = read.count
  }
  if (form.models?.length === 0) errors.models = 'Choose at least one model, or allow all.'
  return { limits, errors }
}

/** A number as typed; nothing is null. */
export function readCount(text: string, min: number): { count: number | null } | { error: string } {
  const trimmed = text.trim()
  if (trimmed === '') return { count: null }
  const count = Number(trimmed)
  if (/^\d+$/.test(trimmed) && count >= min && Number.isSafeInteger(count)) return { count }
  return { error: `A whole number from ${min}, or nothing.` }
}
