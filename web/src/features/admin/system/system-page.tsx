import { useQuery } from '@tanstack/react-query'
import { CircleCheck, Database, Gauge, Hourglass, MemoryStick, Server, TriangleAlert, Zap } from 'lucide-react'
import type { SystemState } from '../../../../../src/http/dashboard/contract/admin.ts'
import { Stat, StatRow } from '../../../components/stat.tsx'
import { Page } from '../../../components/ui/page.tsx'
import { RelativeTime } from '../../../components/ui/relative-time.tsx'
import { ErrorState, Skeleton } from '../../../components/ui/states.tsx'
import { formatBytes, formatDuration, formatMeasure, formatNumber } from '../../../lib/format.ts'
import { useNow } from '../../../lib/use-now.ts'
import { systemQuery } from './api.ts'
import { StoragePanel } from './storage-panel.tsx'

export function SystemPage() {
  const { data, error, refetch } = useQuery(systemQuery)
  return (
    <Page title="System" description={data ? <About state={data} /> : <Skeleton className="h-5 w-56" />}>
      {data ? (
        <System state={data} />
      ) : error ? (
        <ErrorState error={error} onRetry={() => void refetch()} />
      ) : (
        <>
          <Skeleton className="h-14 rounded-2xl" />
          <Skeleton className="h-56 rounded-2xl" />
          <Skeleton className="h-44 rounded-2xl" />
        </>
      )}
    </Page>
  )
}

const About = ({ state: { version, startedAt } }: { state: SystemState }) => (
  <>
    Version {version}, started <RelativeTime at={startedAt} />
  </>
)

const System = ({ state }: { state: SystemState }) => (
  <>
    <Problems problems={state.problems} />
    <Health state={state} />
    <StoragePanel storage={state.storage} />
  </>
)

const Problems = ({ problems }: Pick<SystemState, 'problems'>) => (
  <div role="status">
    {problems.length === 0 ? (
      <p className="flex items-center gap-3 rounded-2xl bg-good-soft px-4 py-3.5 font-medium text-good">
        <CircleCheck className="size-5 shrink-0" aria-hidden />
        Everything works.
      </p>
    ) : (
      <ul className="flex flex-col gap-2">
        {problems.map((problem) => (
          <li key={problem} className="flex gap-3 rounded-2xl bg-bad-soft px-4 py-3.5 text-bad">
            <TriangleAlert className="mt-px size-5 shrink-0" aria-hidden />
            <span className="[overflow-wrap:anywhere]">{problem}</span>
          </li>
        ))}
      </ul>
    )}
  </div>
)

function Health({ state }: { state: SystemState }) {
  const { queue, eventLoop, memory, database, agentsOnline } = state
  const now = useNow(5000)
  const oldest = queue.oldestWaitingAt
  return (
    <StatRow className="lg:grid-cols-3!">
      <Stat
        label="Waiting"
        icon={Hourglass}
        value={formatNumber(queue.waiting)}
        detail={oldest === null ? 'no image waits' : `the oldest for ${formatDuration(Math.max(0, now - oldest))}`}
      />
      <Stat label="Running" icon={Zap} value={formatNumber(queue.running)} detail="images now" />
      <Stat label="Agents" icon={Server} value={formatNumber(agentsOnline)} detail="connected" />
      <Stat
        label="Delay of the server"
        icon={Gauge}
        value={formatDuration(eventLoop.meanMs)}
        detail={`99% of the time below ${formatDuration(eventLoop.p99Ms)}`}
      />
      <Stat
        label="Memory"
        icon={MemoryStick}
        value={formatBytes(memory.rss)}
        detail={`${formatBytes(memory.heapUsed)} of it in use`}
      />
      <Stat
        label="Database"
        icon={Database}
        value={formatBytes(database.bytes)}
        detail={`answers within ${formatMeasure(database.pingMs)} ms`}
      />
    </StatRow>
  )
}
