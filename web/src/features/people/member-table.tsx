import { clsx } from 'clsx'
import type { PersonInfo } from '../../../../src/http/dashboard/contract/admin.ts'
import { describeLimits } from '../../components/limits/limit-words.ts'
import { Badge } from '../../components/ui/badge.tsx'
import { CardCell as Cell, CardRow, CardTable } from '../../components/ui/card-table.tsx'
import { RelativeTime } from '../../components/ui/relative-time.tsx'
import { formatDay, formatNumber } from '../../lib/format.ts'
import { usePerson } from '../../lib/session.ts'
import { MemberMenu, type MemberMenuProps } from './member-menu.tsx'

const COLUMNS = [
  { name: 'Person', className: 'whitespace-nowrap' },
  { name: 'Images today', className: 'text-right whitespace-nowrap' },
  { name: 'This month', className: 'text-right whitespace-nowrap' },
  { name: 'Limits', className: 'whitespace-nowrap' },
  { name: 'Last seen', className: 'whitespace-nowrap' }
]

export interface MemberTableProps {
  people: readonly PersonInfo[]
  onOpen: MemberMenuProps['onOpen']
}

export function MemberTable({ people, onOpen }: MemberTableProps) {
  const me = usePerson().id
  return (
    <CardTable label="Members" columns={COLUMNS} actions="w-14">
      {people.map((person) => (
        <MemberRow key={person.id} person={person} isMe={person.id === me} onOpen={onOpen} />
      ))}
    </CardTable>
  )
}

function MemberRow(props: { person: PersonInfo; isMe: boolean; onOpen: MemberMenuProps['onOpen'] }) {
  const { person, isMe, onOpen } = props
  const limits = describeLimits(person.limits)
  return (
    <CardRow
      className={clsx(
        'max-md:grid-cols-[1fr_1fr_auto] max-md:gap-x-4 max-md:gap-y-2',
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
    </CardRow>
  )
}

const Who = ({ person, isMe }: { person: PersonInfo; isMe: boolean }) => (
  <>
    <p className="flex flex-wrap items-center gap-x-2 gap-y-1">
      <span className="font-medium [overflow-wrap:anywhere]">{person.name}</span>
      {isMe && <Badge>You</Badge>}
      {person.role === 'admin' && <Badge look="accent">Admin</Badge>}
      {person.disabledAt !== null && <Badge look="bad">Shut out</Badge>}
      {!person.canSignIn && <Badge look="warn">Cannot sign in yet</Badge>}
    </p>
    <p className="text-[13px] [overflow-wrap:anywhere] text-muted">{person.email}</p>
    <p className="text-xs text-faint">{person.keys === 1 ? '1 API key' : `${formatNumber(person.keys)} API keys`}</p>
  </>
)
