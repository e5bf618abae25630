import { formatNumber } from '../../lib/format.ts'
import type { UsagePoint } from './fold-usage.ts'
import { seriesColour } from './series-colour.ts'
import { Swatch } from './swatch.tsx'

export interface PointDetailsProps {
  point: UsagePoint
  series: readonly (string | null)[]
  nameOf: (series: string | null) => string
  title: string
}

/** The numbers of one bar, in the order of its parts from the top. */
export function PointDetails({ point, series, nameOf, title }: PointDetailsProps) {
  const parts = point.values
    .map((images, index) => ({ images, index }))
    .filter(({ images }) => images > 0)
    .reverse()
  return (
    <div className="flex min-w-40 flex-col gap-1 rounded-xl border border-line bg-raised px-3 py-2 text-[13px] shadow-pop">
      <span className="flex justify-between gap-4 font-medium">
        {title}
        <span className="tabular-nums">{formatNumber(point.total)}</span>
      </span>
      {parts.map(({ images, index }) => (
        <span key={index} className="flex items-center gap-2 text-muted">
          <Swatch colour={seriesColour(series, index)} />
          <span className="max-w-48 min-w-0 flex-1 truncate">{nameOf(series[index] ?? null)}</span>
          <span className="tabular-nums">{formatNumber(images)}</span>
        </span>
      ))}
    </div>
  )
}
