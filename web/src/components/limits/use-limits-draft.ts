import { useState } from 'react'

/** Limits as they are being changed, and what is wrong with them, until the next change. */
export function useLimitsDraft<Form extends object, Errors extends object>(initial: () => Form) {
  const [form, setForm] = useState(initial)
  const [errors, setErrors] = useState<Errors | Record<string, never>>({})
  const change = (part: Partial<Form>) => {
    setForm((before) => ({ ...before, ...part }))
    setErrors({})
  }
  return { form, errors, setErrors, change }
}
