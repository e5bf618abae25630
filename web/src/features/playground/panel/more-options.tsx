import type { Visibility } from '../../../../../src/http/dashboard/contract/requests.ts'
import { type Field, FIELDS, PARAMETERS } from '../../../../../src/images/fields.ts'
import { Field as Labelled, TextArea } from '../../../components/ui/field.tsx'
import { Select } from '../../../components/ui/select.tsx'
import { keptWords, lifetimeChoices, lifetimeDetail } from '../../../lib/lifetime-words.ts'
import { visibilityOf, withDefault } from '../../../lib/visibility-words.ts'
import type { FieldErrors, FieldName } from '../check-entries.ts'
import { type ChangeForm, type PlaygroundForm, TYPED_NAMES, type TypedName } from '../playground-form.ts'
import { LorasField } from './loras-field.tsx'
import { OptionField } from './option-field.tsx'
import { StrengthField } from './strength-field.tsx'

export interface MoreOptionsProps {
  form: PlaygroundForm
  errors: FieldErrors
  hasSources: boolean
  onChange: ChangeForm
}

const VISIBILITIES: readonly { value: string; label: string }[] = withDefault('As your account says')

/** They have controls and places of their own. */
const ELSEWHERE: readonly TypedName[] = ['negative_prompt', 'seed', 'strength', 'loras']
const OPTIONS = TYPED_NAMES.filter((name) => !ELSEWHERE.includes(name))

/** Fields of the disclosure, to open it when something is wrong with one of them. */
export const MORE_OPTIONS: readonly FieldName[] = ['strength', ...OPTIONS, 'extra']

/** Nothing tells whether an engine knows these; where it does not, the request says so in its warnings. */
export function MoreOptions({ form, errors, hasSources, onChange }: MoreOptionsProps) {
  return (
    <div className="flex flex-col gap-4">
      {hasSources && (
        <StrengthField value={form.strength} error={errors.strength} onChange={(strength) => onChange({ strength })} />
      )}
      <LorasField model={form.model} value={form.loras} onChange={(loras) => onChange({ loras })} />
      <div className="grid grid-cols-2 items-start gap-3">
        {OPTIONS.map((name) => (
          <OptionField
            key={name}
            name={name}
            value={form[name]}
            error={errors[name]}
            onChange={(text) => onChange({ [name]: text })}
          />
        ))}
      </div>
      <Labelled label={FIELDS.visibility.label} hint={visibilityOf(form.visibility as Visibility)?.detail}>
        <Select value={form.visibility} options={VISIBILITIES} onChange={(visibility) => onChange({ visibility })} />
      </Labelled>
      <Labelled label={FIELDS.expires_in.label} hint={lifetimeDetail(form.expires_in)}>
        <Select
          value={form.expires_in}
          options={lifetimeChoices(form.expires_in, 'As long as usual')}
          onChange={(expires_in) => onChange({ expires_in })}
        />
      </Labelled>
      <Labelled
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
      </Labelled>
    </div>
  )
}

/** What is set, in short, for the closed disclosure. */
export function tellOptions(form: PlaygroundForm): string {
  const parts = [...OPTIONS, 'strength' as const, 'loras' as const].map((name) => {
    const { value, label = '' }: Field = PARAMETERS[name]
    const saysItself = value.type === 'text' || value.type === 'choice' || value.type === 'loras'
    return form[name] === '' || saysItself ? form[name] : `${label.toLowerCase()} ${form[name]}`
  })
  return [
    ...parts,
    visibilityOf(form.visibility as Visibility)?.label.toLowerCase() ?? '',
    keptWords(form.expires_in),
    form.extra.trim() && 'extra fields'
  ]
    .filter((part) => part !== '')
    .join(', ')
}
