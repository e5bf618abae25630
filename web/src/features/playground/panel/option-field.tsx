import { type FieldValue, PARAMETERS } from '../../../../../src/images/fields.ts'
import { Field, TextInput } from '../../../components/ui/field.tsx'
import { Select } from '../../../components/ui/select.tsx'
import type { TypedName } from '../playground-form.ts'

export interface OptionFieldProps {
  name: TypedName
  value: string
  error: string | undefined
  onChange: (text: string) => void
}

/** Where a choice is not spelled as people read it. */
const SPELLED: Record<string, string> = { png: 'PNG', jpeg: 'JPEG', webp: 'WebP', true: 'Yes', false: 'No' }

/** The control of a parameter after its kind of value. Left empty, it is as the model has it. */
export function OptionField({ name, value, error, onChange }: OptionFieldProps) {
  const field = PARAMETERS[name]
  const choices = choicesOf(field.value)
  return (
    <Field label={field.label} error={error}>
      {choices ? (
        <Select
          value={value}
          options={['', ...choices].map((choice) => ({
            value: choice,
            label: choice === '' ? 'Default' : (SPELLED[choice] ?? choice)
          }))}
          onChange={onChange}
        />
      ) : (
        <TextInput
          name={name}
          {...typingOf(field.value)}
          placeholder="Default"
          value={value}
          onChange={({ target }) => onChange(target.value)}
        />
      )}
    </Field>
  )
}

function choicesOf(value: FieldValue): readonly string[] | undefined {
  if (value.type === 'choice') return value.of
  return value.type === 'boolean' ? ['true', 'false'] : undefined
}

function typingOf({ type }: FieldValue): { inputMode?: 'numeric' | 'decimal'; spellCheck?: false } {
  if (type === 'integer') return { inputMode: 'numeric' }
  return type === 'number' ? { inputMode: 'decimal' } : { spellCheck: false }
}
