import { useQuery } from '@tanstack/react-query'
import { describeLimits } from '../../components/limits/limit-words.ts'
import { Card } from '../../components/ui/page.tsx'
import { ProgressBar } from '../../components/ui/progress-bar.tsx'
import { accountQuery } from '../../lib/account.ts'
import { formatNumber, formatUntil } from '../../lib/format.ts'
import { type OwnQuota, quotasOf } from '../../lib/own-limits.ts'
import { useNow } from '../../lib/use-now.ts'

/** What the reader may use, and has left of it; nothing where they have no limit. */
export function OwnLimits() {
  const now = useNow()
  const { data, dataUpdatedAt } = useQuery({ ...accountQuery, refetchOnMount: 'always' })
  if (!data) return null
  const quotas = quotasOf(data, { now, countedAt: dataUpdatedAt })
  const others = describeLimits({ ...data.limits, imagesPerDay: null, imagesPerMonth: null })
  if (quotas.length === 0 && others.length === 0) return null
  return (
    <Card className="flex flex-col gap-4 px-4 py-4 sm:px-5">
      <div>
        <h2 className="font-medium">Your limits</h2>
        <p className="text-[13px] text-muted">
          Over all of your keys and this dashboard together. An admin can change them.
          {others.length > 0 && ` Beside that: ${others.join(', ')}.`}
        </p>
      </div>
      {quotas.length > 0 && (
        <ul className="grid gap-x-8 gap-y-4 sm:grid-cols-2">
          {quotas.map((quota) => (
            <li key={quota.name}>
              <Quota {...quota} now={now} />
            </li>
          ))}
        </ul>
      )}
    </Card>
  )
}

function Quota({ name, most, used, left, endsAt, now }: OwnQuota & { now: number }) {
  const label = name === 'day' ? 'Images today' : 'Images this month'
  return (
    <div className="flex flex-col gap-1.5">
      <p className="flex flex-wrap items-baseline justify-between gap-x-3">
        <span>{label}</span>
        <span className="text-[13px] text-muted tabular-nums">
          {formatNumber(used)} of {formatNumber(most)}
        </span>
      </p>
      <ProgressBar label={label} percent={Math.min(100, (used / most) * 100)} />
      <p className="text-xs text-faint">
        {left === 0 ? 'None' : formatNumber(left)} left until {formatUntil(endsAt, now)}
      </p>
    </div>
  )
}
