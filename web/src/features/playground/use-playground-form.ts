import { useEffect, useState } from 'react'
import type { FieldErrors, FieldName } from './check-entries.ts'
import { EMPTY_FORM, type PlaygroundForm, readForm } from './playground-form.ts'

/** What is typed, kept for this tab, with what is wrong with it. */
export function usePlaygroundForm(personId: string) {
  const storageKey = `playground ${personId}`
  const [form, setForm] = useState(() => readForm(sessionStorage.getItem(storageKey)))
  const [errors, setErrors] = useState<FieldErrors>({})
  useEffect(() => sessionStorage.setItem(storageKey, JSON.stringify(form)), [storageKey, form])
  return {
    form,
    errors,
    setErrors,
    /** What is changed is not wrong any more until it is checked again. */
    change: (part: Partial<PlaygroundForm>) => {
      setForm((before) => ({ ...before, ...part }))
      setErrors((before) => without(before, changedFields(part)))
    },
    reset: () => {
      setForm(({ model }) => ({ ...EMPTY_FORM, model }))
      setErrors({})
    }
  }
}

const changedFields = (part: Partial<PlaygroundForm>): FieldName[] =>
  Object.keys(part).map((name) => (name === 'width' || name === 'height' ? 'size' : (name as FieldName)))

const without = (errors: FieldErrors, names: readonly FieldName[]): FieldErrors =>
  Object.fromEntries(Object.entries(errors).filter(([name]) => !names.includes(name as FieldName)))
