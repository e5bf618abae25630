import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { X } from 'lucide-react'
import { type ReactNode, useDeferredValue, useState } from 'react'
import type { FoundPeople, PersonName } from '../../../../src/http/dashboard/contract/network.ts'
import { Checkbox } from '../../components/ui/checkbox.tsx'
import { Field, TextInput } from '../../components/ui/field.tsx'
import { DASHBOARD, fetchJson } from '../../lib/fetch-json.ts'

/** As the server takes it. */
const MOST_SEARCH_CHARACTERS = 200

export interface PeoplePickerProps {
  providerId: string
  chosen: readonly PersonName[]
  error: string | undefined
  onChange: (chosen: readonly PersonName[]) => void
}

/** Those whom a service is to serve: the chosen ones, and others of the club to be found by name. */
export function PeoplePicker({ providerId, chosen, error, onChange }: PeoplePickerProps) {
  const [typed, setTyped] = useState('')
  const q = useDeferredValue(typed.trim())
  const { data: found } = useQuery({
    queryKey: ['provider', providerId, 'people', q],
    queryFn: ({ signal }) =>
      fetchJson<FoundPeople>(`${DASHBOARD}/providers/${providerId}/people?q=${encodeURIComponent(q)}`, { signal }),
    placeholderData: keepPreviousData
  })
  const without = (id: string) => chosen.filter((one) => one.id !== id)
  return (
    <div role="group" aria-label="Whom it serves" className="flex flex-col gap-3">
      {chosen.length > 0 && (
        <ul aria-label="Chosen" className="flex max-h-28 flex-wrap gap-1.5 overflow-y-auto">
          {chosen.map(({ id, name }) => (
            <li key={id} className="max-w-full">
              <button
                type="button"
                aria-label={`Take ${name} out`}
                className="flex min-h-8 max-w-full items-center gap-1.5 rounded-full border border-line bg-surface pr-2 pl-3 text-[13px] hover:bg-hover pointer-coarse:min-h-[40px]"
                onClick={() => onChange(without(id))}
              >
                <span className="truncate">{name}</span>
                <X className="size-3.5 shrink-0 text-faint" aria-hidden />
              </button>
            </li>
          ))}
        </ul>
      )}
      <Field label="Find people" error={error}>
        <TextInput
          type="search"
          placeholder="Name"
          autoComplete="off"
          maxLength={MOST_SEARCH_CHARACTERS}
          value={typed}
          onChange={(event) => setTyped(event.target.value)}
          // It would save what is being looked for.
          onKeyDown={(event) => event.key === 'Enter' && event.preventDefault()}
        />
      </Field>
      {found && (
        <Found found={found} wanted={q}>
          {found.people.map((person) => (
            <Checkbox
              key={person.id}
              checked={chosen.some(({ id }) => id === person.id)}
              onChange={(checked) => onChange(checked ? [...chosen, person] : without(person.id))}
            >
              <span className="[overflow-wrap:anywhere]">{person.name}</span>
            </Checkbox>
          ))}
        </Found>
      )}
    </div>
  )
}

interface FoundProps {
  found: FoundPeople
  wanted: string
  children: ReactNode
}

function Found({ found: { people, hasMore }, wanted, children }: FoundProps) {
  if (people.length === 0) {
    return (
      <p className="text-muted">
        {wanted === '' ? 'Nobody else is here yet.' : `Nobody has “${wanted}” in their name.`}
      </p>
    )
  }
  return (
    <>
      <div
        role="group"
        aria-label="People to choose from"
        className="grid max-h-44 gap-x-4 gap-y-2 overflow-y-auto rounded-lg border border-line p-3 sm:grid-cols-2"
      >
        {children}
      </div>
      {hasMore && (
        <p className="text-xs text-faint">The first {people.length} by name. Type a part of a name to find others.</p>
      )}
    </>
  )
}
