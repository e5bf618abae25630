import type { ReactNode } from 'react'
import { Field } from '../ui/field.tsx'
import { Fieldset } from '../ui/fieldset.tsx'
import { Select } from '../ui/select.tsx'
import { CountField } from './count-field.tsx'
import { describePixels, PIXEL_LIMITS } from './limit-words.ts'
import type { LimitsForm, LimitsFormErrors } from './limits-form.ts'
import { ModelFields } from './model-fields.tsx'

const COUNTS = [
  { field: 'imagesPerDay', label: 'Images a day' },
  { field: 'imagesPerMonth', label: 'Images a month' },
  { field: 'maxActive', label: 'Images at once' }
] as const

export interface LimitFieldsProps {
  form: LimitsForm
  errors: LimitsFormErrors
  change: (part: Partial<LimitsForm>) => void
  hint: string
  /** Further fields beside the numbers. */
  children?: ReactNode
}

/** What somebody, or a key, may have at most. */
export function LimitFields({ form, errors, change, hint, children }: LimitFieldsProps) {
  return (
    <Fieldset legend="Limits" hint={hint}>
      <div className="grid grid-cols-2 gap-x-4 gap-y-4 sm:grid-cols-3">
        {COUNTS.map(({ field, label }) => (
          <CountField
            key={field}
            label={label}
            value={form[field]}
            error={errors[field]}
            onChange={(value) => change({ [field]: value })}
          />
        ))}
        {children}
        <Field label="Largest image" error={errors.maxPixels}>
          <Select
            value={form.maxPixels}
            options={sizesWith(form.maxPixels)}
            onChange={(maxPixels) => change({ maxPixels })}
          />
        </Field>
      </div>
      <ModelFields chosen={form.models} error={errors.models} onChange={(models) => change({ models })} />
    </Fieldset>
  )
}

/** A limit set elsewhere need not be one of ours. */
function sizesWith(value: string) {
  const sizes = [
    { value: '', label: 'Any size' },
    ...PIXEL_LIMITS.map(({ pixels, label }) => ({ value: String(pixels), label }))
  ]
  if (sizes.some((size) => size.value === value)) return sizes
  const label = describePixels(Number(value))
  return [...sizes, { value, label: label.charAt(0).toUpperCase() + label.slice(1) }]
}
