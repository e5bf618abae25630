import { useState } from 'react'
import { Field, TextInput } from '../../components/ui/field.tsx'
import { Segmented } from '../../components/ui/segmented.tsx'
import { Select, type SelectOption } from '../../components/ui/select.tsx'
import { GROUPS, type GroupBy, type RangeName, type UsageSearch } from '../../lib/usage-search.ts'
import { GROUP_WORDS } from './group-names.ts'
import { checkDays, daysOf, type UsageRange } from './usage-range.ts'

const RANGE_OPTIONS: readonly SelectOption<RangeName>[] = [
  { value: 'today', label: 'Today' },
  { value: '7d', label: 'Last 7 days' },
  { value: '30d', label: 'Last 30 days' },
  { value: '90d', label: 'Last 90 days' },
  { value: 'this-month', label: 'This month' },
  { value: 'last-month', label: 'Last month' },
  { value: 'custom', label: 'Chosen days' }
]

export interface UsageControlsProps {
  search: UsageSearch
  range: UsageRange
  by: GroupBy
  isAdmin: boolean
  onChange: (change: UsageSearch) => void
}

/** What is shown: of when, by what, and, for admins, whose. */
export function UsageControls({ search, range, by, isAdmin, onChange }: UsageControlsProps) {
  const chosen = search.range ?? '30d'
  const groups = GROUPS.filter((group) => group !== 'person' || search.owner === 'all')
  return (
    <div className="flex flex-wrap items-start gap-2">
      <Select
        label="Time"
        className="w-48! max-sm:w-full!"
        value={chosen}
        options={RANGE_OPTIONS}
        onChange={(next) =>
          onChange({ range: next, ...(next === 'custom' ? daysOf(range) : { from: undefined, to: undefined }) })
        }
      />
      {chosen === 'custom' && <ChosenDays {...daysOf(range)} onChange={onChange} />}
      <Select
        label="Counted by"
        className="w-40! max-sm:flex-1"
        value={by}
        options={groups.map((value) => ({ value, label: `By ${GROUP_WORDS[value]}` }))}
        onChange={(next) => onChange({ by: next })}
      />
      {isAdmin && (
        <Segmented
          label="Whose images"
          className="sm:ml-auto"
          value={search.owner ?? 'own'}
          options={[
            { value: 'own', label: 'Mine' },
            { value: 'all', label: 'Everybody' }
          ]}
          onChange={(owner) => onChange({ owner: owner === 'all' ? 'all' : undefined })}
        />
      )}
    </div>
  )
}

/** Half-typed days stay where they are typed, until they make a range. */
function ChosenDays(props: { from: string; to: string; onChange: (change: UsageSearch) => void }) {
  const [days, setDays] = useState({ from: props.from, to: props.to })
  const error = checkDays(days.from, days.to)
  const change = (part: Partial<typeof days>) => {
    const next = { ...days, ...part }
    setDays(next)
    if (checkDays(next.from, next.to) === undefined) props.onChange(next)
  }
  const input = (name: 'from' | 'to', label: string) => (
    <Field label={label} hideLabel error={name === 'to' ? error : undefined} className="min-w-0 flex-1">
      <TextInput
        type="date"
        value={days[name]}
        required
        onChange={(event) => change({ [name]: event.target.value })}
        className="sm:w-38"
      />
    </Field>
  )
  return (
    <div className="flex items-start gap-2 max-sm:w-full">
      {input('from', 'First day')}
      <span aria-hidden className="self-center text-faint">
        to
      </span>
      {input('to', 'Last day')}
    </div>
  )
}
