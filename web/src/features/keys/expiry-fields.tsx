import { Field, TextInput } from '../../components/ui/field.tsx'
import { Select, type SelectOption } from '../../components/ui/select.tsx'
import { formatDay } from '../../lib/format.ts'
import { useNow } from '../../lib/use-now.ts'
import type { Expiry } from './key-form.ts'
import type { KeyFormPart } from './key-form.ts'

const DAY_MS = 86_400_000
const OPTIONS: readonly SelectOption<Expiry>[] = [
  { value: 'never', label: 'Never' },
  { value: '7', label: 'In 7 days' },
  { value: '30', label: 'In 30 days' },
  { value: '90', label: 'In 90 days' },
  { value: 'date', label: 'On a date' }
]

export function ExpiryFields({ form, errors, change }: KeyFormPart) {
  const now = useNow()
  const days = Number(form.expiry)
  return (
    <div className="flex gap-3">
      <Field
        label="Expires"
        className="flex-1"
        hint={days > 0 ? `On ${formatDay(now + days * DAY_MS)}.` : 'A key can be revoked at any time.'}
      >
        <Select value={form.expiry} options={OPTIONS} onChange={(expiry) => change({ expiry })} />
      </Field>
      {form.expiry === 'date' && (
        <Field label="Last day" error={errors.date} className="flex-1">
          <TextInput
            type="date"
            value={form.date}
            onChange={(event) => change({ date: event.target.value })}
            min={localDay(new Date(now))}
          />
        </Field>
      )}
    </div>
  )
}

/** `YYYY-MM-DD` where the reader is. */
const localDay = (at: Date): string =>
  [at.getFullYear(), at.getMonth() + 1, at.getDate()].map((part) => String(part).padStart(2, '0')).join('-')
