import { Field, TextInput } from '../ui/field.tsx'

export interface CountFieldProps {
  label: string
  value: string
  error: string | undefined
  placeholder?: string
  hint?: string | undefined
  onChange: (value: string) => void
}

/** A whole number that may be left out. */
export const CountField = ({ label, value, error, placeholder = 'No limit', hint, onChange }: CountFieldProps) => (
  <Field label={label} error={error} hint={hint}>
    <TextInput
      inputMode="numeric"
      autoComplete="off"
      value={value}
      placeholder={placeholder}
      onChange={(event) => onChange(event.target.value)}
    />
  </Field>
)
