import { useState } from 'react'
import { CountField } from '../../components/limits/count-field.tsx'
import { LimitFields } from '../../components/limits/limit-fields.tsx'
import { Disclosure } from '../../components/ui/disclosure.tsx'
import { describeDraft, hasLimitErrors, type KeyFormPart } from './key-form.ts'

/** What a new key may have at most: most keys have no limit of their own, so it is folded until it is asked for. */
export function FoldedLimits({ form, errors, change, isAdmin }: KeyFormPart & { isAdmin: boolean }) {
  const [isOpen, setOpen] = useState(false)
  return (
    <Disclosure
      title="Limits"
      summary={describeDraft(form)}
      // What is wrong is never hidden.
      open={isOpen || hasLimitErrors(errors)}
      onToggle={setOpen}
    >
      <LimitFields
        form={form}
        errors={errors}
        change={change}
        hint="Leave empty for none. Your own limits hold as well."
      >
        <CountField
          label="Calls a minute"
          value={form.rateLimit}
          error={errors.rateLimit}
          placeholder="As configured"
          hint={isAdmin ? '0 lifts the limit.' : undefined}
          onChange={(rateLimit) => change({ rateLimit })}
        />
      </LimitFields>
    </Disclosure>
  )
}
