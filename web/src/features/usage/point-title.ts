import { formatUtcDay, formatUtcHour, formatUtcShortDay } from '../../lib/format.ts'
import { isHourly, type UsageRange } from './usage-range.ts'

/** What a bar is called where there is room. */
export const pointTitle = (at: number, range: UsageRange): string =>
  isHourly(range) ? `${formatUtcShortDay(at)}, ${formatUtcHour(at)} UTC` : formatUtcDay(at)
