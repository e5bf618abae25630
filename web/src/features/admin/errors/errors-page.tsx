import { keepPreviousData, queryOptions, useQuery } from '@tanstack/react-query'
import { CircleCheck } from 'lucide-react'
import { useState } from 'react'
import type { ErrorGroup, ErrorList } from '../../../../../src/http/dashboard/contract/admin.ts'
import { FaultGroup } from '../../../components/fault-group.tsx'
import { Page } from '../../../components/ui/page.tsx'
import { Segmented } from '../../../components/ui/segmented.tsx'
import { EmptyState, ErrorState, Skeleton } from '../../../components/ui/states.tsx'
import { DASHBOARD, fetchJson } from '../../../lib/fetch-json.ts'
import { withLocalTimes } from '../../../lib/format.ts'

const PERIODS = [
  { value: '1', label: '24 hours' },
  { value: '7', label: '7 days' },
  { value: '30', label: '30 days' }
] as const
type Days = (typeof PERIODS)[number]['value']
/** As many failures are looked at. */
const MOST_TIMES = 2000

const errorsQuery = (days: Days) =>
  queryOptions({
    queryKey: ['errors', days],
    queryFn: ({ signal }) => fetchJson<ErrorList>(`${DASHBOARD}/errors`, { query: { days }, signal }),
    placeholderData: keepPreviousData
  })

export function ErrorsPage() {
  const [days, setDays] = useState<Days>('7')
  return (
    <Page
      title="Errors"
      description="Requests that failed, of everybody: those alike together, the latest first."
      actions={<Segmented label="Period" value={days} options={PERIODS} onChange={setDays} />}
    >
      <Errors days={days} />
    </Page>
  )
}

function Errors({ days }: { days: Days }) {
  const { data, error, refetch } = useQuery(errorsQuery(days))
  if (error && !data) return <ErrorState error={error} onRetry={() => void refetch()} />
  if (!data) return <Skeleton className="h-96 rounded-2xl" />
  if (data.groups.length === 0) {
    const period = PERIODS.find(({ value }) => value === days)?.label
    return (
      <EmptyState icon={CircleCheck} title={`Nothing failed within ${period}`}>
        When a request fails, it is listed here with the reason.
      </EmptyState>
    )
  }
  return (
    <ul className="flex flex-col divide-y divide-line rounded-2xl border border-line bg-surface shadow-card">
      {data.groups.map((group) => (
        <li key={group.latest[0]?.requestId} className="px-4 py-3">
          <ErrorLine group={group} />
        </li>
      ))}
    </ul>
  )
}

function ErrorLine({ group: { code, message, model, worker, times, latest } }: { group: ErrorGroup }) {
  const people = [...new Set(latest.map(({ owner }) => owner.name))]
  const place = worker && `${worker.provider}, ${worker.service}`
  return (
    <FaultGroup
      code={code}
      about={<span className="min-w-0 truncate font-medium">{model}</span>}
      message={message === '' ? 'The request failed without a message.' : withLocalTimes(message)}
      where={[people.length === 1 ? people[0] : null, place].filter((part) => part !== null).join(' · ')}
      times={times}
      mostTimes={MOST_TIMES}
      latest={latest.map(({ requestId, at, owner }) => ({
        requestId,
        at,
        ...(people.length > 1 && { who: owner.name })
      }))}
    />
  )
}
