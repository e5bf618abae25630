import type { Visibility } from '../../../../src/http/dashboard/contract/requests.ts'
import { Field } from '../../components/ui/field.tsx'
import { Select } from '../../components/ui/select.tsx'
import { lifetimeChoices, lifetimeDetail } from '../../lib/lifetime-words.ts'
import { visibilityOf, withDefault } from '../../lib/visibility-words.ts'
import type { KeyForm } from './key-form.ts'

const CHOICES = withDefault('As your account says')

type Defaults = Pick<KeyForm, 'visibility' | 'expiresIn'>

interface KeyDefaultsFieldsProps {
  form: Defaults
  errors: { visibility?: string | undefined; expiresIn?: string | undefined }
  change: (part: Partial<Defaults>) => void
}

/** Who sees what is made with a key, and for how long it is kept: of a new one and of one that there is. */
export const KeyDefaultsFields = ({ form, errors, change }: KeyDefaultsFieldsProps) => (
  <div className="grid items-start gap-x-4 gap-y-5 sm:grid-cols-2">
    <Field
      label="Images made with it"
      error={errors.visibility}
      hint={form.visibility === '' ? undefined : visibilityOf(form.visibility)?.detail}
    >
      <Select<Visibility | ''>
        value={form.visibility}
        options={CHOICES}
        onChange={(visibility) => change({ visibility })}
      />
    </Field>
    <Field label="Kept after their end" error={errors.expiresIn} hint={lifetimeDetail(form.expiresIn)}>
      <Select
        value={form.expiresIn}
        options={lifetimeChoices(form.expiresIn, 'As usual')}
        onChange={(expiresIn) => change({ expiresIn })}
      />
    </Field>
  </div>
)
