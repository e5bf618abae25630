import { useState } from 'react'
import { Disclosure } from '../../components/ui/disclosure.tsx'
import { describeDraft, hasLimitErrors, type KeyFormPart } from './key-form.ts'
import { KeyLimitFields } from './key-limit-fields.tsx'

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
      <KeyLimitFields form={form} errors={errors} change={change} isAdmin={isAdmin} />
    </Disclosure>
  )
}
