import { clsx } from 'clsx'
import type { ReactNode } from 'react'
import type { PersonInfo } from '../../../../src/http/dashboard/contract/admin.ts'
import { describeLimits } from '../../components/limits/limit-words.ts'
import { Badge } from '../../components/ui/badge.tsx'
import { RelativeTime } from '../../components/ui/relative-time.tsx'
import { formatDay, formatNumber } from '../../lib/format.ts'
import { usePerson } from '../../lib/session.ts'
import { MemberMenu, type MemberMenuProps } from './member-menu.tsx'

const COLUMNS = ['Person', 'Images today', 'This month', 'Limits', 'Last seen']

export interface MemberTableProps {
  people: readonly PersonInfo[]
  onOpen: MemberMenuProps['onOpen']
}

/** A table; on phones a card for each person. The roles say so again, for `display` takes a table's meaning away. */
export function MemberTable({ people, onOpen }: MemberTableProps) {
  const me = usePerson().id
  return (
    <div className="md:rounded-2xl md:border md:border-line md:bg-surface md:shadow-card">
      <table role="table" aria-label="Members" className="w-full text-left max-md:block">
        <thead role="rowgroup" className="max-md:sr-only">
          <tr role="row" className="text-xs text-faint">
            {COLUMNS.map((name) => (
              <th
                key={name}
                role="columnheader"
                scope="col"
                className={clsx(
                  'px-3 py-2.5 font-medium whitespace-nowrap first:pl-5',
                  (name === 'Images today' || name === 'This month') && 'text-right'
                )}
              >
                {name}
              </th>
            ))}
            <th role="columnheader" scope="col" className="w-14">
              <span className="sr-only">Actions</span>
            </th>
          </tr>
        </thead>
        <tbody role="rowgroup" className="max-md:flex max-md:flex-col max-md:gap-3">
          {people.map((person) => (
            <MemberRow key={person.id} person={person} isMe={person.id === me} onOpen={onOpen} />
          ))}
        </tbody>
      </table>
    </div>
  )
}

function MemberRow(props: { person: PersonInfo; isMe: boolean; onOpen: MemberMenuProps['onOpen'] }) {
  const { person, isMe, onOpen } = props
  const limits = describeLimits(person.limits)
  return (
    <tr
      role="row"
      className={clsx(
        'align-top max-md:grid max-md:grid-cols-[1fr_1fr_auto] max-md:gap-x-4 max-md:gap-y-2 max-md:rounded-2xl max-md:border max-md:border-line max-md:bg-surface max-md:p-4 max-md:shadow-card md:border-t md:border-line',
        person.disabledAt !== null && 'text-muted'
      )}
    >
      <Cell className="max-md:order-1 max-md:col-span-2 md:pl-5">
        <Who person={person} isMe={isMe} />
      </Cell>
      <Cell className="tabular-nums max-md:order-3 md:text-right">
        {formatNumber(person.imagesToday)}
        <span className="text-muted md:hidden"> today</span>
      </Cell>
      <Cell className="tabular-nums max-md:order-4 max-md:col-span-2 md:text-right">
        {formatNumber(person.imagesThisMonth)}
        <span className="text-muted md:hidden"> this month</span>
      </Cell>
      <Cell className={clsx('max-md:order-5 max-md:col-span-3', limits.length === 0 && 'max-md:hidden')}>
        <span className={clsx('text-[13px] [overflow-wrap:anywhere]', limits.length > 0 ? 'text-muted' : 'text-faint')}>
          {limits.length > 0 ? limits.join(', ') : 'None'}
        </span>
      </Cell>
      <Cell className="text-[13px] max-md:order-6 max-md:col-span-3">
        <span className="text-faint md:hidden">Seen </span>
        {person.lastSeenAt === null ? (
          <span className="text-faint">never</span>
        ) : (
          <RelativeTime at={person.lastSeenAt} />
        )}
        <span className="block text-xs whitespace-nowrap text-faint">Since {formatDay(person.createdAt)}</span>
      </Cell>
      <Cell className="max-md:order-2 max-md:justify-self-end md:py-2! md:pr-3 md:text-right">
        <MemberMenu person={person} isMe={isMe} onOpen={onOpen} />
      </Cell>
    </tr>
  )
}

const Who = ({ person, isMe }: { person: PersonInfo; isMe: boolean }) => (
  <>
    <p className="flex flex-wrap items-center gap-x-2 gap-y-1">
      <span className="font-medium [overflow-wrap:anywhere]">{person.name}</span>
      {isMe && <Badge>You</Badge>}
      {person.role === 'admin' && <Badge look="accent">Admin</Badge>}
      {person.disabledAt !== null && <Badge look="bad">Disabled</Badge>}
      {!person.canSignIn && <Badge look="warn">Cannot sign in yet</Badge>}
    </p>
    <p className="text-[13px] [overflow-wrap:anywhere] text-muted">{person.email}</p>
    <p className="text-xs text-faint">{person.keys === 1 ? '1 API key' : `${formatNumber(person.keys)} API keys`}</p>
  </>
)

const Cell = ({ className, children }: { className?: string; children: ReactNode }) => (
  <td role="cell" className={clsx('md:px-3 md:py-3', className)}>
    {children}
  </td>
)
