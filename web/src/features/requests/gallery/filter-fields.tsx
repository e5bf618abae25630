import { useQuery } from '@tanstack/react-query'
import type { FilterOptions } from '../../../../../src/http/dashboard/contract/requests.ts'
import type { RequestSearch } from '../../../lib/request-search.ts'
import { Field, TextInput } from '../../../components/ui/field.tsx'
import { Select } from '../../../components/ui/select.tsx'
import { VISIBILITY_CHOICES } from '../../../lib/visibility-words.ts'
import { usePerson, useSeesOthers } from '../../../lib/session.ts'
import { filterOptions } from '../api.ts'
import { dateText, KINDS, type Period, PERIODS, periodOf, STATUSES } from '../request-filters.ts'

export interface FilterFieldsProps {
  search: RequestSearch
  /** Changes some of them; an empty text is none. */
  onChange: (change: RequestSearch) => void
}

interface Option {
  value: string
  label: string
}

/** Everything a list can be narrowed to but the text. */
export function FilterFields({ search, onChange }: FilterFieldsProps) {
  const { data } = useQuery(filterOptions)
  const person = usePerson()
  const seesOthers = useSeesOthers()
  const owners = data?.owners.filter(({ id }) => id !== person.id) ?? []
  const named = (list: FilterOptions['owners']): Option[] => list.map(({ id, name }) => ({ value: id, label: name }))
  const choice = (
    name: 'model' | 'provider' | 'status' | 'kind' | 'visibility' | 'owner',
    label: string,
    options: Option[]
  ) => (
    <Field label={label}>
      <Select
        value={search[name] ?? ''}
        options={withChosen(options, search[name])}
        onChange={(value) => onChange({ [name]: value })}
      />
    </Field>
  )
  return (
    <div className="grid gap-4 sm:grid-cols-2">
      {seesOthers &&
        choice('owner', 'Made by', [
          { value: '', label: 'Me' },
          { value: 'all', label: 'Everybody' },
          ...named(owners)
        ])}
      {choice('status', 'Status', [{ value: '', label: 'Any status' }, ...STATUSES])}
      {choice('model', 'Model', [
        { value: '', label: 'Any model' },
        ...(data?.models ?? []).map((model) => ({ value: model, label: model }))
      ])}
      {choice('provider', 'Made on', [{ value: '', label: 'Any machine' }, ...named(data?.providers ?? [])])}
      {choice('kind', 'Kind', [{ value: '', label: 'Any kind' }, ...KINDS])}
      {choice('visibility', 'Visibility', [{ value: '', label: 'Any visibility' }, ...VISIBILITY_CHOICES])}
      <PeriodFields search={search} onChange={onChange} />
    </div>
  )
}

/** What the address names may not be among the options (any more, or not yet loaded). */
const withChosen = (options: Option[], value = ''): Option[] =>
  options.some((one) => one.value === value) ? options : [...options, { value, label: value }]

function PeriodFields({ search, onChange }: FilterFieldsProps) {
  const period = periodOf(search)
  const choose = (value: Period) =>
    onChange({
      from: value === 'custom' ? dateText(Date.now()) : value,
      to: value === 'custom' ? (search.to ?? '') : ''
    })
  return (
    <>
      <Field label="Time">
        <Select<Period>
          value={period}
          options={[{ value: '', label: 'Any time' }, ...PERIODS, { value: 'custom', label: 'Between dates' }]}
          onChange={choose}
        />
      </Field>
      {period === 'custom' && (
        <div className="grid grid-cols-2 gap-4 sm:col-span-2">
          <Field label="From">
            <TextInput
              type="date"
              value={search.from ?? ''}
              max={search.to}
              onChange={(event) => onChange({ from: event.target.value })}
            />
          </Field>
          <Field label="To">
            <TextInput
              type="date"
              value={search.to ?? ''}
              min={search.from}
              onChange={(event) => onChange({ to: event.target.value })}
            />
          </Field>
        </div>
      )}
    </>
  )
}
