import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import { Coffee } from 'lucide-react'
import { useMemo } from 'react'
import type { QueueState, RequestSummary } from '../../../../src/http/dashboard/contract/requests.ts'
import { buttonClass } from '../../components/ui/button.tsx'
import { Page } from '../../components/ui/page.tsx'
import { Segmented } from '../../components/ui/segmented.tsx'
import { EmptyState, ErrorState, Skeleton } from '../../components/ui/states.tsx'
import { useLiveScope } from '../../lib/use-live-scope.ts'
import { usePerson, useSeesOthers } from '../../lib/session.ts'
import { type QueueOwner, queueQuery } from './api.ts'
import { CancelAll } from './cancel-all.tsx'
import { FinishedPanel } from './finished-panel.tsx'
import { useJustFinished } from './just-finished.ts'
import { QueueList } from './queue-list.tsx'
import { Totals } from './totals.tsx'

const route = getRouteApi('/members/queue')

export function QueuePage() {
  const person = usePerson()
  const seesOthers = useSeesOthers()
  const owner: QueueOwner = route.useSearch().owner === 'all' && seesOthers ? 'all' : 'own'
  useLiveScope(owner === 'all')
  const { data, error, refetch } = useQuery(queueQuery(owner))
  const finished = useJustFinished().filter((request) => owner === 'all' || request.owner.id === person.id)
  const anyOfMine = data?.items.some((request) => request.owner.id === person.id) ?? false
  return (
    <Page
      title="Queue"
      description={<Totals state={data} />}
      actions={
        <>
          {anyOfMine && <CancelAll />}
          {seesOthers && <OwnerChoice owner={owner} />}
        </>
      }
    >
      <div className="grid gap-8 lg:grid-cols-[minmax(0,1fr)_13rem]">
        <div className="flex min-w-0 flex-col gap-6">
          {data ? (
            <Queue state={data} finished={finished} owner={owner} />
          ) : error ? (
            <ErrorState error={error} onRetry={() => void refetch()} />
          ) : (
            <QueueSkeleton />
          )}
        </div>
        <FinishedPanel finished={finished} />
      </div>
    </Page>
  )
}

function Queue(props: { state: QueueState; finished: readonly RequestSummary[]; owner: QueueOwner }) {
  const { state, finished, owner } = props
  const ended = finished.map(({ id }) => id).join()
  // The list is fetched a moment after a request is told to have ended.
  const open = useMemo(() => state.items.filter(({ id }) => !ended.includes(id)), [state.items, ended])
  const running = useMemo(() => open.filter(({ status }) => status === 'running'), [open])
  const waiting = useMemo(() => open.filter(({ status }) => status === 'queued'), [open])
  const showOwner = owner === 'all'
  return (
    <>
      <QueueList title="Running" items={running} others={waiting} showOwner={showOwner} />
      <QueueList title="Waiting" items={waiting} others={running} showOwner={showOwner} />
      {state.more && <p className="text-center text-[13px] text-faint">More wait behind these.</p>}
      {open.length === 0 && (
        <div className="transition-opacity delay-200 duration-300 starting:opacity-0">
          <NothingWaits owner={owner} />
        </div>
      )}
    </>
  )
}

const NothingWaits = ({ owner }: { owner: QueueOwner }) => (
  <EmptyState
    icon={Coffee}
    title={owner === 'all' ? 'Nobody is waiting' : 'Nothing of yours is waiting'}
    action={
      <Link to="/playground" className={buttonClass('primary')}>
        Make an image
      </Link>
    }
  >
    Requests show up here while they wait and run, those of your programs as well.
  </EmptyState>
)

function OwnerChoice({ owner }: { owner: QueueOwner }) {
  const navigate = route.useNavigate()
  return (
    <Segmented
      label="Whose requests"
      value={owner}
      options={[
        { value: 'own', label: 'Mine' },
        { value: 'all', label: 'Everybody' }
      ]}
      onChange={(chosen) => void navigate({ search: chosen === 'all' ? { owner: 'all' } : {}, replace: true })}
    />
  )
}

const QueueSkeleton = () => (
  <div className="flex flex-col gap-2">
    <Skeleton className="h-5 w-24" />
    <Skeleton className="h-72 rounded-2xl" />
  </div>
)
