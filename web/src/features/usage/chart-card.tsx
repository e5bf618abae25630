import { lazy, Suspense } from 'react'
import { Card } from '../../components/ui/page.tsx'
import { Skeleton } from '../../components/ui/states.tsx'
import { formatNumber, formatUtcHour, formatUtcShortDay } from '../../lib/format.ts'
import { busiest, type FoldedUsage } from './fold-usage.ts'
import { REST_NAME, seriesColour } from './series-colour.ts'
import { Swatch } from './swatch.tsx'
import { pointTitle } from './point-title.ts'
import { isHourly, type UsageRange } from './usage-range.ts'

/** What draws it is large, and a file of its own. */
const UsageChart = lazy(() => import('./usage-chart.tsx').then((module) => ({ default: module.UsageChart })))

export interface ChartCardProps {
  usage: FoldedUsage
  range: UsageRange
  /** Such as `by model`. */
  grouping: string
  nameOf: (key: string) => string
}

export function ChartCard({ usage, range, grouping, nameOf }: ChartCardProps) {
  const hourly = isHourly(range)
  const seriesName = (key: string | null) => (key === null ? REST_NAME : nameOf(key))
  const title = (at: number) => pointTitle(at, range)
  const heading = `Images per ${hourly ? 'hour' : 'day'}, ${grouping}`
  return (
    <Card className="flex flex-col gap-4 p-4 sm:p-5">
      <h2 className="font-medium">{heading}</h2>
      <div role="img" aria-label={`${heading}: ${summary(usage, title)}`} className="h-64 sm:h-72">
        <Suspense fallback={<Skeleton className="size-full" />}>
          <UsageChart
            usage={usage}
            nameOf={seriesName}
            tick={hourly ? formatUtcHour : formatUtcShortDay}
            title={title}
          />
        </Suspense>
      </div>
      <ul aria-label="Colours" className="flex flex-wrap gap-x-4 gap-y-1 text-[13px] text-muted">
        {usage.series.map((key, index) => (
          <li key={key ?? 'rest'} className="flex min-w-0 items-center gap-2">
            <Swatch colour={seriesColour(usage.series, index)} />
            <span className="truncate">{seriesName(key)}</span>
          </li>
        ))}
      </ul>
    </Card>
  )
}

/** In words what the bars say at a glance; the table below has the numbers. */
function summary({ total, points }: FoldedUsage, title: (at: number) => string): string {
  const most = busiest(points)
  const all = `${formatNumber(total.images)} in all`
  return most ? `${all}, most at ${title(most.start)} (${formatNumber(most.total)}).` : `${all}.`
}
