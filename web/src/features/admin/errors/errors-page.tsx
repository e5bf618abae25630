import { keepPreviousData, queryOptions, useQuery } from '@tanstack/react-query'
import { CircleCheck } from 'lucide-react'
import { useId, useState } from 'react'
import type { ErrorGroup, ErrorList, LimitGroup } from '../../../../../src/http/dashboard/contract/admin.ts'
import { FaultGroup, type FaultGroupProps } from '../../../components/fault-group.tsx'
import { Page } from '../../../components/ui/page.tsx'
import { Segmented } from '../../../components/ui/segmented.tsx'
import { EmptyState, ErrorState, Skeleton } from '../../../components/ui/states.tsx'
import { faultWords } from '../../../lib/fault-words.ts'
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
  const period = PERIODS.find(({ value }) => value === days)?.label
  return (
    <>
      {data.groups.length === 0 ? (
        <EmptyState icon={CircleCheck} title={`Nothing failed within ${period}`}>
          When a request fails, it is listed here with the reason.
        </EmptyState>
      ) : (
        <ul className={listClass}>
          {data.groups.map((group) => (
            <li key={group.latest[0]?.requestId} className="px-4 py-3">
              <ErrorLine group={group} />
            </li>
          ))}
        </ul>
      )}
      {data.limits.length > 0 && <LimitsReached limits={data.limits} />}
    </>
  )
}

const listClass = 'flex flex-col divide-y divide-line rounded-2xl border border-line bg-surface shadow-card'

/** What is no fault: nothing has to be mended, though somebody may want to raise a limit. */
function LimitsReached({ limits }: Pick<ErrorList, 'limits'>) {
  const id = useId()
  return (
    <section aria-labelledby={id} className="flex flex-col gap-3">
      <div>
        <h2 id={id} className="font-semibold">
          Limits reached
        </h2>
        <p className="max-w-2xl text-muted">
          No faults: requests that were answered that a limit per hour is reached. An owner sets theirs at their
          machine; an admin can lift that of a new machine there.
        </p>
      </div>
      <ul className={listClass}>
        {limits.map((group) => (
          <li key={group.latest[0]?.requestId} className="px-4 py-3">
            <LimitLine group={group} />
          </li>
        ))}
      </ul>
    </section>
  )
}

function ErrorLine({ group: { code, message, model, worker, times, latest } }: { group: ErrorGroup }) {
  return (
    <FaultGroup
      label={faultWords(code)}
      about={<ModelName model={model} />}
      message={message === '' ? 'The request failed without a message.' : withLocalTimes(message)}
      where={whereWords(latest, worker ? [`${worker.provider}, ${worker.service}`] : [])}
      times={times}
      mostTimes={MOST_TIMES}
      latest={singlesOf(latest)}
    />
  )
}

function LimitLine({ group: { reason, model, machines, times, latest } }: { group: LimitGroup }) {
  return (
    <FaultGroup
      label={reason === 'new_here' ? 'Limit for new machines' : 'Owner’s limit'}
      look="plain"
      about={<ModelName model={model} />}
      message={null}
      where={whereWords(
        latest,
        machines.map(({ name, owner }) => `${owner.name}’s ${name}`)
      )}
      times={times}
      mostTimes={MOST_TIMES}
      latest={singlesOf(latest)}
    />
  )
}

const ModelName = ({ model }: { model: string }) => <span className="min-w-0 truncate font-medium">{model}</span>

/** Whom it concerned, where that is one person, and on which machines it was. */
function whereWords(latest: ErrorGroup['latest'], places: readonly string[]): string {
  const [first, ...others] = peopleOf(latest)
  return [...(first !== undefined && others.length === 0 ? [first] : []), ...places].join(' · ')
}

const singlesOf = (latest: ErrorGroup['latest']): FaultGroupProps['latest'] =>
  latest.map(({ requestId, at, owner }) => ({
    requestId,
    at,
    ...(peopleOf(latest).length > 1 && { who: owner.name })
  }))

const peopleOf = (latest: ErrorGroup['latest']): string[] => [...new Set(latest.map(({ owner }) => owner.name))]
