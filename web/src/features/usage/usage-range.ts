import type { UsageSearch } from '../../lib/usage-search.ts'

/** Whole days of UTC, as usage is metered; UTC milliseconds, the end excluded. */
export interface UsageRange {
  start: number
  end: number
  /** Of one bar: an hour or a day. */
  bucketMs: number
}

const HOUR_MS = 3_600_000
const DAY_MS = 86_400_000
/** Longer ranges would take long to fetch and to draw. */
export const MOST_DAYS = 366
/** Up to so many days are shown by the hour. */
const DAYS_BY_HOUR = 2
const LAST_DAYS = { today: 1, '7d': 7, '30d': 30, '90d': 90 }

/** Ranges up to now end with the end of today, so that they stay the same all day. */
export function rangeOf(search: Pick<UsageSearch, 'range' | 'from' | 'to'>, now: number): UsageRange {
  const today = dayOf(now)
  const { range = '30d', from, to } = search
  switch (range) {
    case 'this-month':
      return days(monthOf(now, 0), today + DAY_MS)
    case 'last-month':
      return days(monthOf(now, -1), monthOf(now, 0))
    case 'custom':
      if (from === undefined || to === undefined || checkDays(from, to) !== undefined) return rangeOf({}, now)
      return days(Date.parse(from), Date.parse(to) + DAY_MS)
    default:
      return days(today + DAY_MS - LAST_DAYS[range] * DAY_MS, today + DAY_MS)
  }
}

/** What is wrong with the days of a range, `YYYY-MM-DD` each. */
export function checkDays(from: string, to: string): string | undefined {
  const count = (Date.parse(to) - Date.parse(from)) / DAY_MS + 1
  if (Number.isNaN(count)) return 'Choose two days.'
  if (count < 1) return 'The last day is before the first.'
  return count > MOST_DAYS ? `Choose at most ${MOST_DAYS} days.` : undefined
}

export const isHourly = ({ bucketMs }: UsageRange): boolean => bucketMs === HOUR_MS

/** Beginnings of its hours or days. */
export const bucketsOf = ({ start, end, bucketMs }: UsageRange): number[] =>
  Array.from({ length: (end - start) / bucketMs }, (_, index) => start + index * bucketMs)

/** The first and the last day of a range, `YYYY-MM-DD`. */
export const daysOf = ({ start, end }: UsageRange): { from: string; to: string } => ({
  from: isoDay(start),
  to: isoDay(end - DAY_MS)
})

export const isoDay = (at: number): string => new Date(at).toISOString().slice(0, 10)

const days = (start: number, end: number): UsageRange => ({
  start,
  end,
  bucketMs: end - start <= DAYS_BY_HOUR * DAY_MS ? HOUR_MS : DAY_MS
})

const dayOf = (at: number): number => at - (at % DAY_MS)

/** The beginning of a moment's month, or of one before or after. */
function monthOf(at: number, months: number): number {
  const date = new Date(at)
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + months, 1)
}
