import { useLayoutEffect, useRef } from 'react'
import { Field, TextArea } from '../../../components/ui/field.tsx'

export interface PromptFieldProps {
  name: string
  label: string
  value: string
  placeholder: string
  error: string | undefined
  /** Lines it has when it is empty. */
  rows: number
  onChange: (text: string) => void
}

/** A text that grows with what is typed. */
export function PromptField({ name, label, value, placeholder, error, rows, onChange }: PromptFieldProps) {
  const area = useRef<HTMLTextAreaElement>(null)
  useLayoutEffect(() => {
    if (!area.current) return
    area.current.style.height = 'auto'
    // Its borders are outside of what it scrolls.
    area.current.style.height = `${area.current.scrollHeight + 2}px`
  }, [value])
  return (
    <Field label={label} error={error}>
      <TextArea
        ref={area}
        name={name}
        rows={rows}
        value={value}
        placeholder={placeholder}
        className="max-h-[45dvh] resize-none pointer-coarse:text-base"
        onChange={({ target }) => onChange(target.value)}
      />
    </Field>
  )
}
