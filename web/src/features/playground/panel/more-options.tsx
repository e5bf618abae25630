import { Field, TextArea, TextInput } from '../../../components/ui/field.tsx'
import { Select } from '../../../components/ui/select.tsx'
import type { FieldErrors } from '../check-entries.ts'
import type { ChangeForm, PlaygroundForm } from '../playground-form.ts'
import { StrengthField } from './strength-field.tsx'

export interface MoreOptionsProps {
  form: PlaygroundForm
  errors: FieldErrors
  hasSources: boolean
  onChange: ChangeForm
}

const FORMATS = [
  { value: '', label: 'Default' },
  { value: 'png', label: 'PNG' },
  { value: 'jpeg', label: 'JPEG' },
  { value: 'webp', label: 'WebP' }
]

/** Fields of the disclosure, to open it when something is wrong with one of them. */
export const MORE_OPTIONS = ['steps', 'guidance_scale', 'sampler', 'output_format', 'strength', 'extra'] as const

/** Nothing tells whether an engine knows these; where it does not, the request says so in its warnings. */
export function MoreOptions({ form, errors, hasSources, onChange }: MoreOptionsProps) {
  return (
    <div className="flex flex-col gap-4">
      {hasSources && (
        <StrengthField value={form.strength} error={errors.strength} onChange={(strength) => onChange({ strength })} />
      )}
      <div className="grid grid-cols-2 items-start gap-3">
        <Field label="Steps" error={errors.steps}>
          <TextInput
            name="steps"
            inputMode="numeric"
            placeholder="Default"
            value={form.steps}
            onChange={({ target }) => onChange({ steps: target.value })}
          />
        </Field>
        <Field label="Guidance scale" error={errors.guidance_scale}>
          <TextInput
            name="guidance_scale"
            inputMode="decimal"
            placeholder="Default"
            value={form.guidance_scale}
            onChange={({ target }) => onChange({ guidance_scale: target.value })}
          />
        </Field>
        <Field label="Sampler" error={errors.sampler}>
          <TextInput
            name="sampler"
            placeholder="Default"
            spellCheck={false}
            value={form.sampler}
            onChange={({ target }) => onChange({ sampler: target.value })}
          />
        </Field>
        <Field label="Output format" error={errors.output_format}>
          <Select
            value={form.output_format}
            options={FORMATS}
            onChange={(output_format) => onChange({ output_format })}
          />
        </Field>
      </div>
      <Field
        label="Extra fields (JSON)"
        error={errors.extra}
        hint="Steps, guidance, sampler and these are passed on if the engine understands them."
      >
        <TextArea
          name="extra"
          rows={2}
          spellCheck={false}
          placeholder='{"clip_skip": 2}'
          value={form.extra}
          className="max-h-60 font-mono text-[13px] pointer-coarse:text-base"
          onChange={({ target }) => onChange({ extra: target.value })}
        />
      </Field>
    </div>
  )
}

/** What is set, in short, for the closed disclosure. */
export function tellOptions({
  steps,
  guidance_scale,
  sampler,
  output_format,
  strength,
  extra
}: PlaygroundForm): string {
  const parts = [
    steps && `${steps} steps`,
    guidance_scale && `guidance ${guidance_scale}`,
    sampler,
    output_format,
    strength && `strength ${strength}`,
    extra.trim() && 'extra fields'
  ]
  return parts.filter((part) => part !== '').join(', ')
}
