import { useQuery } from '@tanstack/react-query'
import { Card } from '../../components/ui/page.tsx'
import { formatNumber } from '../../lib/format.ts'
import { usePerson } from '../../lib/session.ts'
import { type Exchange, exchangeQuery, filterOptions } from './api.ts'
import { Swatch } from './swatch.tsx'
import type { UsageRange } from './usage-range.ts'

type Balance = Pick<Exchange['people'][number], 'given' | 'taken' | 'own'>

const BARS = [
  { name: 'given', label: 'Given', colour: 'var(--series-3)' },
  { name: 'taken', label: 'Taken', colour: 'var(--series-2)' },
  { name: 'own', label: 'For themselves', colour: 'var(--series-rest)' }
] as const

/** What somebody's GPUs did for others and those of others for them; only for who has GPUs here, or looks at everybody. */
export function ExchangeCard({ range, isEverybody }: { range: UsageRange; isEverybody: boolean }) {
  const me = usePerson()
  const { data } = useQuery(exchangeQuery(range))
  const { data: filters } = useQuery(filterOptions)
  if (!data) return null
  const mine = data.providers.filter(({ owner_id }) => owner_id === me.id)
  const people = data.people.filter((one) =>
    isEverybody ? one.given + one.taken + one.own > 0 : one.user_id === me.id && mine.length > 0
  )
  if (people.length === 0) return null
  const most = Math.max(1, ...people.flatMap(({ given, taken, own }) => [given, taken, own]))
  const nameOf = (one: Exchange['people'][number]) =>
    filters?.owners.find(({ id }) => id === one.user_id)?.name ?? one.email
  return (
    <Card className="flex flex-col gap-5 p-4 sm:p-5">
      <div className="flex flex-col gap-1">
        <h2 className="font-medium">Given and taken</h2>
        <p className="text-[13px] text-muted">
          {isEverybody
            ? 'Images that the GPUs of each made for others, and that each had from the GPUs of others.'
            : 'Images that your GPUs made for others, and that you had from the GPUs of others.'}
        </p>
      </div>
      {people.map((one) => (
        <div key={one.user_id} className="flex flex-col gap-2">
          {isEverybody && <h3 className="font-medium">{nameOf(one)}</h3>}
          <BalanceBars balance={one} most={most} ownLabel={isEverybody ? 'For themselves' : 'For yourself'} />
        </div>
      ))}
      {!isEverybody && <Providers providers={mine} />}
    </Card>
  )
}

const BalanceBars = ({ balance, most, ownLabel }: { balance: Balance; most: number; ownLabel: string }) => (
  <dl className="grid grid-cols-[auto_1fr_auto] items-center gap-x-3 gap-y-2 text-[13px]">
    {BARS.map(({ name, label, colour }) => (
      <div key={name} className="contents">
        <dt className="flex items-center gap-2 text-muted">
          <Swatch colour={colour} />
          {name === 'own' ? ownLabel : label}
        </dt>
        <dd aria-hidden className="h-2.5 overflow-hidden rounded-full bg-hover">
          <div
            className="h-full rounded-full"
            style={{ background: colour, width: `${(balance[name] / most) * 100}%` }}
          />
        </dd>
        <dd className="min-w-10 text-right font-medium tabular-nums">{formatNumber(balance[name])}</dd>
      </div>
    ))}
  </dl>
)

const Providers = ({ providers }: { providers: Exchange['providers'] }) => (
  <ul className="flex flex-col border-t border-line pt-2">
    {providers.map((one) => (
      <li key={one.provider_id} className="flex flex-wrap justify-between gap-x-4 py-1.5 text-[13px]">
        <span className="font-medium [overflow-wrap:anywhere]">{one.name}</span>
        <span className="text-muted tabular-nums">
          {formatNumber(one.for_others)} for others, {formatNumber(one.for_owner)} for you
        </span>
      </li>
    ))}
  </ul>
)
