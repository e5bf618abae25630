import type { Visibility } from '../../../../src/http/dashboard/contract/requests.ts'
import { Field } from '../../components/ui/field.tsx'
import { Select } from '../../components/ui/select.tsx'
import { visibilityOf, withDefault } from '../../lib/visibility-words.ts'
import type { KeyForm } from './key-form.ts'

const CHOICES = withDefault('As your account says')

interface KeyVisibilityFieldProps {
  form: Pick<KeyForm, 'visibility'>
  errors: { visibility?: string | undefined }
  change: (part: Pick<KeyForm, 'visibility'>) => void
}

/** Who sees what is made with a key, of a new one and of one that there is. */
export const KeyVisibilityField = ({ form, errors, change }: KeyVisibilityFieldProps) => (
  <Field
    label="Images made with it"
    error={errors.visibility}
    hint={form.visibility === '' ? undefined : visibilityOf(form.visibility)?.detail}
    className="sm:max-w-[calc(50%-0.5rem)]"
  >
    <Select<Visibility | ''>
      value={form.visibility}
      options={CHOICES}
      onChange={(visibility) => change({ visibility })}
    />
  </Field>
)
