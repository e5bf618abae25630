import { Stat, StatRow } from '../../components/stat.tsx'
import { formatNumber, formatUtcHour, formatUtcShortDay } from '../../lib/format.ts'
import { busiest, type FoldedUsage } from './fold-usage.ts'
import { isHourly, type UsageRange } from './usage-range.ts'

/** Tenths are as exact as anybody needs. */
export const formatMegapixels = (megapixels: number): string => formatNumber(Math.round(megapixels * 10) / 10)

export function UsageTotals({ usage: { total, points }, range }: { usage: FoldedUsage; range: UsageRange }) {
  const hourly = isHourly(range)
  const most = busiest(points)
  return (
    <StatRow>
      <Stat label="Images" value={formatNumber(total.images)} />
      <Stat label="Requests" value={formatNumber(total.requests)} />
      <Stat label="Megapixels" value={formatMegapixels(total.megapixels)} />
      <Stat
        label={hourly ? 'Busiest hour, UTC' : 'Busiest day'}
        value={most && (hourly ? formatUtcHour : formatUtcShortDay)(most.start)}
      />
    </StatRow>
  )
}
