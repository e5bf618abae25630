import { useQuery } from '@tanstack/react-query'
import { CountField } from '../../components/limits/count-field.tsx'
import { Field, TextInput } from '../../components/ui/field.tsx'
import { Select, type SelectOption } from '../../components/ui/select.tsx'
import { membersQuery } from '../../lib/people.ts'
import { usePerson } from '../../lib/session.ts'
import { addressesIn, type MachineErrors, type MachineForm } from './connect-command.ts'

const ACCESS: readonly SelectOption<MachineForm['access']>[] = [
  { value: 'members', label: 'Everybody here' },
  { value: 'listed', label: 'A few people' },
  { value: 'private', label: 'Only me' }
]

export interface SharingFieldsProps {
  machine: MachineForm
  errors: MachineErrors
  change: (part: Partial<MachineForm>) => void
}

/** Whom a machine serves, and what they may have of it. */
export const SharingFields = ({ machine, errors, change }: SharingFieldsProps) => (
  <>
    <Field label="Whom does it serve?" hint="You are never held back.">
      <Select value={machine.access} options={ACCESS} onChange={(access) => change({ access })} />
    </Field>
    {machine.access === 'listed' && (
      <Field label="Their e-mail addresses" error={errors.listed} hint="Parted by commas.">
        <TextInput
          value={machine.listed}
          autoComplete="off"
          placeholder="anna@example.org, ben@example.org"
          onChange={(event) => change({ listed: event.target.value })}
        />
      </Field>
    )}
    {machine.access === 'listed' && <KnownPeople machine={machine} change={change} />}
    {machine.access !== 'private' && (
      <div className="grid gap-4 sm:col-span-2 sm:grid-cols-2">
        <CountField
          label="Images an hour for others"
          value={machine.imagesPerHour}
          error={errors.imagesPerHour}
          onChange={(imagesPerHour) => change({ imagesPerHour })}
        />
        <CountField
          label="And for each of them"
          value={machine.imagesPerUserHour}
          error={errors.imagesPerUserHour}
          onChange={(imagesPerUserHour) => change({ imagesPerUserHour })}
        />
      </div>
    )}
  </>
)

/** Everybody of the club to choose from, for those who may see the addresses of others: admins. */
function KnownPeople({ machine, change }: Omit<SharingFieldsProps, 'errors'>) {
  const person = usePerson()
  const { data } = useQuery({ ...membersQuery, enabled: person.role === 'admin' })
  const chosen = addressesIn(machine.listed)
  // An address that nobody vouched for would not count.
  const others = (data ?? []).filter(
    ({ id, email, isEmailVouched }) => isEmailVouched && id !== person.id && !chosen.includes(email)
  )
  if (others.length === 0) return null
  return (
    <ul aria-label="People to choose from" className="flex max-h-28 flex-wrap gap-1.5 overflow-y-auto sm:col-span-2">
      {others.map(({ id, name, email }) => (
        <li key={id}>
          <button
            type="button"
            title={email}
            className="min-h-8 rounded-full border border-line bg-surface px-3 text-[13px] hover:bg-hover"
            onClick={() => change({ listed: [...chosen, email].join(', ') })}
          >
            {name}
          </button>
        </li>
      ))}
    </ul>
  )
}
