import { useState } from 'react'
import { Disclosure } from '../../components/ui/disclosure.tsx'
import { describeDraft, hasLimitErrors, type KeyFormPart } from './key-form.ts'
import { KeyLimitFields } from './key-limit-fields.tsx'

/** What a new key may have at most: most keys have no limit of their own, so it is folded until it is asked for. */
export function FoldedLimits(props: KeyFormPart & { isAdmin: boolean }) {
  const [isOpen, setOpen] = useState(false)
  return (
    <Disclosure
      title="Limits"
      summary={describeDraft(props.form)}
      // What is wrong is never hidden.
      open={isOpen || hasLimitErrors(props.errors)}
      onToggle={setOpen}
    >
      <KeyLimitFields {...props} />
    </Disclosure>
  )
}
