import { useQuery } from '@tanstack/react-query'
import { useDeferredValue, useState } from 'react'
import type { PersonInfo } from '../../../../src/http/dashboard/contract/admin.ts'
import { Button } from '../../components/ui/button.tsx'
import { Field, TextInput } from '../../components/ui/field.tsx'
import { ErrorState, Skeleton } from '../../components/ui/states.tsx'
import { formatNumber } from '../../lib/format.ts'
import { membersQuery } from '../../lib/people.ts'
import { LimitsDialog } from './limits-dialog.tsx'
import { LinkDialog } from './link-dialog.tsx'
import { MemberDialog } from './member-dialog.tsx'
import type { MemberAction } from './member-menu.tsx'
import { MemberTable } from './member-table.tsx'
import { matchesPerson } from './member-words.ts'

/** So many are shown at first, and more each time. */
const AT_ONCE = 100
/** Fewer people need no search. */
const SEARCH_FROM = 8

/** What is being done to whom. */
interface Open {
  what: MemberAction
  person: PersonInfo
}

/** Everybody who has an account. */
export function Members() {
  const { data, error, refetch } = useQuery(membersQuery)
  const [text, setText] = useState('')
  const [most, setMost] = useState(AT_ONCE)
  const [open, setOpen] = useState<Open>()
  const wanted = useDeferredValue(text.trim())
  if (error && !data) return <ErrorState error={error} onRetry={() => void refetch()} />
  if (!data) return <Skeleton className="h-96 rounded-2xl" />
  const found = data.filter((person) => matchesPerson(person, wanted))
  const close = () => setOpen(undefined)
  return (
    <section className="flex flex-col gap-3">
      <div className="flex min-h-9 flex-wrap items-center justify-between gap-3">
        <h2 className="font-medium">
          Members <span className="font-normal text-faint tabular-nums">{formatNumber(data.length)}</span>
        </h2>
        {data.length >= SEARCH_FROM && (
          <Field label="Find somebody" hideLabel className="w-full sm:w-64">
            <TextInput
              type="search"
              placeholder="Name or e-mail"
              value={text}
              onChange={(event) => setText(event.target.value)}
            />
          </Field>
        )}
      </div>
      {found.length === 0 ? (
        <p className="rounded-2xl border border-dashed border-line px-6 py-8 text-center text-muted">
          Nobody has “{wanted}” in their name or e-mail.
        </p>
      ) : (
        <MemberTable people={found.slice(0, most)} onOpen={(what, person) => setOpen({ what, person })} />
      )}
      {found.length > most && (
        <Button className="self-center" onClick={() => setMost(most + AT_ONCE)}>
          Show more ({formatNumber(found.length - most)})
        </Button>
      )}
      {open?.what === 'limits' && <LimitsDialog person={open.person} onClose={close} />}
      {open?.what === 'link' && <LinkDialog person={open.person} onClose={close} />}
      {open && open.what !== 'limits' && open.what !== 'link' && (
        <MemberDialog step={open.what} person={open.person} onClose={close} />
      )}
    </section>
  )
}
