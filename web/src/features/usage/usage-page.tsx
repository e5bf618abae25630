import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import { clsx } from 'clsx'
import { ChartColumn } from 'lucide-react'
import { useMemo } from 'react'
import { buttonClass } from '../../components/ui/button.tsx'
import { Page } from '../../components/ui/page.tsx'
import { EmptyState, ErrorState, Skeleton } from '../../components/ui/states.tsx'
import { usePerson } from '../../lib/session.ts'
import { useNow } from '../../lib/use-now.ts'
import type { UsageSearch } from '../../lib/usage-search.ts'
import { usageQuery } from './api.ts'
import { ChartCard } from './chart-card.tsx'
import { DownloadCsv } from './download-csv.tsx'
import { ExchangeCard } from './exchange-card.tsx'
import { foldUsage } from './fold-usage.ts'
import { GROUP_WORDS } from './group-names.ts'
import { UsageControls } from './usage-controls.tsx'
import { OwnLimits } from './own-limits.tsx'
import { partsOf, type UsageBucket, type UsageQuery } from './usage-query.ts'
import { rangeOf } from './usage-range.ts'
import { UsageTable } from './usage-table.tsx'
import { UsageTotals } from './usage-totals.tsx'
import { useGroupNames } from './use-group-names.ts'

const route = getRouteApi('/members/usage')

export function UsagePage() {
  const person = usePerson()
  const now = useNow()
  const isAdmin = person.role === 'admin'
  const search = asAllowed(route.useSearch(), isAdmin)
  const query = queryOf(search, { userId: person.id, now })
  const { data, error, isPlaceholderData, refetch } = useQuery(usageQuery(query))
  const change = useChange()
  return (
    <Page
      title="Usage"
      description="Images that were made and stored. Days are those of UTC, by which they are counted."
      actions={<DownloadCsv query={query} disabled={!data || isPlaceholderData} />}
    >
      <OwnLimits />
      <UsageControls search={search} range={query.range} by={query.by} isAdmin={isAdmin} onChange={change} />
      {data ? (
        <div className={clsx('flex flex-col gap-6 transition-opacity', isPlaceholderData && 'opacity-50')}>
          <Usage {...data} search={search} onChange={change} />
        </div>
      ) : error ? (
        <ErrorState error={error} onRetry={() => void refetch()} />
      ) : (
        <UsageSkeleton />
      )}
      <ExchangeCard range={query.range} isEverybody={search.owner === 'all'} />
    </Page>
  )
}

interface UsageProps {
  query: UsageQuery
  buckets: readonly UsageBucket[]
  search: UsageSearch
  onChange: (change: UsageSearch) => void
}

function Usage({ query: { by, range }, buckets, search, onChange }: UsageProps) {
  const nameOf = useGroupNames(by)
  const usage = useMemo(() => foldUsage(partsOf(buckets, by), range), [buckets, by, range])
  const order = { by: search.sort ?? 'images', ascending: search.ascending === true } as const
  if (usage.total.images === 0) return <NothingMade />
  if (!nameOf) return <UsageSkeleton />
  return (
    <>
      <UsageTotals usage={usage} range={range} />
      <ChartCard usage={usage} range={range} grouping={`by ${GROUP_WORDS[by]}`} nameOf={nameOf} />
      <UsageTable
        usage={usage}
        nameOf={nameOf}
        label={GROUP_WORDS[by]}
        order={order}
        onOrder={(next) => onChange({ sort: next.by, ascending: next.ascending ? true : undefined })}
      />
    </>
  )
}

const NothingMade = () => (
  <EmptyState
    icon={ChartColumn}
    title="No images in this time"
    action={
      <Link to="/playground" className={buttonClass('primary')}>
        Make an image
      </Link>
    }
  >
    Choose a longer time above, or make the first one.
  </EmptyState>
)

const UsageSkeleton = () => (
  <>
    <Skeleton className="h-46 rounded-2xl lg:h-22" />
    <Skeleton className="h-96 rounded-2xl" />
    <Skeleton className="h-40 rounded-2xl" />
  </>
)

/** An address may come from an admin. */
const asAllowed = (search: UsageSearch, isAdmin: boolean): UsageSearch =>
  isAdmin ? search : { ...search, owner: undefined }

function queryOf(search: UsageSearch, { userId, now }: { userId: string; now: number }): UsageQuery {
  const isOwn = search.owner === undefined
  const by = search.by ?? 'model'
  return {
    range: rangeOf(search, now),
    // There is one person among one's own.
    by: isOwn && by === 'person' ? 'model' : by,
    ...(isOwn && { userId })
  }
}

/** Changes what the address says, as one step of the page's history with all before it. */
function useChange(): (change: UsageSearch) => void {
  const navigate = route.useNavigate()
  return (change) =>
    void navigate({ search: (before) => ({ ...before, ...change }), replace: true, resetScroll: false })
}
