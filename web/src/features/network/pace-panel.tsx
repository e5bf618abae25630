import { lazy, Suspense, useMemo, useState } from 'react'
import type { ProviderDetail } from '../../../../src/http/dashboard/contract/network.ts'
import { Panel } from '../../components/ui/panel.tsx'
import { Segmented } from '../../components/ui/segmented.tsx'
import { Skeleton } from '../../components/ui/states.tsx'
import { formatDateTime, formatMeasure, formatNumber } from '../../lib/format.ts'
import { useNow } from '../../lib/use-now.ts'
import { paceHours } from './pace-hours.ts'

const PaceChart = lazy(() => import('./pace-chart.tsx').then((module) => ({ default: module.PaceChart })))
const A_MINUTE_MS = 60_000

/** How fast it was and how much it made, hour by hour for 7 days: drawn, or in numbers. */
export function PacePanel({ pace }: Pick<ProviderDetail, 'pace'>) {
  const [view, setView] = useState<'chart' | 'table'>('chart')
  const now = useNow(A_MINUTE_MS)
  const hours = useMemo(() => paceHours(pace, now), [pace, now])
  return (
    <Panel
      title="Last 7 days"
      actions={
        pace.length > 0 && (
          <Segmented
            label="Show as"
            value={view}
            options={[
              { value: 'chart', label: 'Chart' },
              { value: 'table', label: 'Table' }
            ]}
            onChange={setView}
          />
        )
      }
    >
      {pace.length === 0 ? (
        <p className="pb-2 text-muted">It made no image within 7 days.</p>
      ) : view === 'chart' ? (
        <Suspense fallback={<Skeleton className="h-55" />}>
          <PaceChart hours={hours} />
        </Suspense>
      ) : (
        <PaceTable pace={pace} />
      )}
    </Panel>
  )
}

/** Newest first. */
const PaceTable = ({ pace }: Pick<ProviderDetail, 'pace'>) => (
  <div className="max-h-80 overflow-y-auto" tabIndex={0} role="region" aria-label="Images and pace by hour">
    <table className="w-full text-left tabular-nums">
      <thead className="text-xs text-faint">
        <tr>
          <th scope="col" className="pb-1.5 font-medium">
            Hour
          </th>
          <th scope="col" className="pb-1.5 text-right font-medium">
            Images
          </th>
          <th scope="col" className="pb-1.5 pl-3 text-right font-medium">
            Seconds per megapixel
          </th>
        </tr>
      </thead>
      <tbody>
        {pace.toReversed().map(({ at, images, secondsPerMegapixel }) => (
          <tr key={at} className="border-t border-line">
            <td className="py-1.5">{formatDateTime(at)}</td>
            <td className="py-1.5 text-right">{formatNumber(images)}</td>
            <td className="py-1.5 text-right">{formatMeasure(secondsPerMegapixel)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  </div>
)
