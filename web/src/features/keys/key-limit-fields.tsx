import { CountField } from '../../components/limits/count-field.tsx'
import { LimitFields } from '../../components/limits/limit-fields.tsx'
import type { KeyLimitsErrors, KeyLimitsForm } from './key-form.ts'

export interface KeyLimitFieldsProps {
  form: KeyLimitsForm
  errors: KeyLimitsErrors
  change: (part: Partial<KeyLimitsForm>) => void
  isAdmin: boolean
}

/** What a key may have at most, of a new one and of one that there is. */
export const KeyLimitFields = ({ form, errors, change, isAdmin }: KeyLimitFieldsProps) => (
  <LimitFields form={form} errors={errors} change={change} hint="Leave empty for none. Your own limits hold as well.">
    <CountField
      label="Calls a minute"
      value={form.rateLimit}
      error={errors.rateLimit}
      placeholder="As configured"
      hint={isAdmin ? '0 lifts the limit.' : undefined}
      onChange={(rateLimit) => change({ rateLimit })}
    />
  </LimitFields>
)
