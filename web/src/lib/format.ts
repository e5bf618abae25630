/** Numbers and times as the reader's own settings spell them. */

const number = new Intl.NumberFormat()
const compact = new Intl.NumberFormat(undefined, { notation: 'compact', maximumFractionDigits: 1 })
const decimal = new Intl.NumberFormat(undefined, { maximumSignificantDigits: 2 })
const time = new Intl.DateTimeFormat(undefined, { timeStyle: 'short' })
const weekday = new Intl.DateTimeFormat(undefined, { weekday: 'short' })
const dateTime = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' })
const exactTime = new Intl.DateTimeFormat(undefined, { dateStyle: 'full', timeStyle: 'long' })
const day = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium' })
const utcDay = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeZone: 'UTC' })
const utcShortDay = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short', timeZone: 'UTC' })
const utcHour = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', timeZone: 'UTC' })
const thisYear = new Intl.DateTimeFormat(undefined, { weekday: 'long', day: 'numeric', month: 'long' })
const otherYear = new Intl.DateTimeFormat(undefined, { dateStyle: 'full' })
const dayName = new Intl.RelativeTimeFormat(undefined, { numeric: 'auto' })
const duration = new Intl.NumberFormat(undefined, { maximumFractionDigits: 1 })

export const formatNumber = (value: number): string => number.format(value)
export const formatCompact = (value: number): string => compact.format(value)
/** Two digits, as measurements deserve: `0.42`, `3.1`, `57`. */
export const formatMeasure = (value: number): string =>
  value >= 100 ? number.format(Math.round(value)) : decimal.format(value)
/** UTC milliseconds. */
export const formatDateTime = (at: number): string => dateTime.format(at)
export const formatExactTime = (at: number): string => exactTime.format(at)
/** The time of day alone. */
export const formatTime = (at: number): string => time.format(at)
/** The short name of a moment's day of the week. */
export const formatWeekday = (at: number): string => weekday.format(at)
export const formatDay = (at: number): string => day.format(at)
/** A day or an hour of UTC, by which usage is counted. */
export const formatUtcDay = (at: number): string => utcDay.format(at)
export const formatUtcShortDay = (at: number): string => utcShortDay.format(at)
export const formatUtcHour = (at: number): string => utcHour.format(at)
export const formatPercent = (share: number): string =>
  new Intl.NumberFormat(undefined, { style: 'percent', maximumFractionDigits: 1 }).format(share)

/** The first moment of a moment's day here, UTC milliseconds. */
export const startOfDay = (at: number): number => new Date(at).setHours(0, 0, 0, 0)

/** A moment soon: the time alone, where the day is clear. */
export const formatUntil = (at: number, now: number = Date.now()): string =>
  startOfDay(at) === startOfDay(now) ? formatTime(at) : formatDateTime(at)

/** A message of the server's with its times, which are in UTC for programs, as the reader's clock has them. */
export const withLocalTimes = (message: string): string =>
  message.replace(/\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z/g, (time) => formatUntil(Date.parse(time)))

/** `Today`, `Yesterday`, `Monday, 2 March`, and the year of others; both are the first moments of days. */
export function formatDayName(day: number, today: number): string {
  // Days of clock changes are an hour longer or shorter.
  const ago = Math.round((today - day) / 86_400_000)
  if (ago === 0 || ago === 1) {
    const name = dayName.format(-ago, 'day')
    return name.charAt(0).toLocaleUpperCase() + name.slice(1)
  }
  const isThisYear = new Date(day).getFullYear() === new Date(today).getFullYear()
  return (isThisYear ? thisYear : otherYear).format(day)
}

const LENGTHS: readonly [one: string, many: string, seconds: number][] = [
  ['year', 'years', 31_536_000],
  ['month', 'months', 2_592_000],
  ['day', 'days', 86_400],
  ['h', 'h', 3600],
  ['min', 'min', 60],
  ['s', 's', 1]
]

/** `8 s ago`, `3 min ago`, `in 2 days`, `now`: in the units of the pages, which browsers abbreviate each in their way. */
export function formatRelative(at: number, now: number = Date.now()): string {
  const seconds = Math.abs(at - now) / 1000
  const found = LENGTHS.find(([, , length]) => seconds >= length)
  if (!found) return 'now'
  const [one, many, length] = found
  const count = Math.trunc(seconds / length)
  const words = `${number.format(count)} ${count === 1 ? one : many}`
  return at > now ? `in ${words}` : `${words} ago`
}

const A_DAY_MS = 86_400_000

/** How long what `formatRelative` tells stays true, milliseconds, at most a day: timers of browsers hold no more than some weeks. */
export function relativeHolds(at: number, now: number = Date.now()): number {
  const ms = Math.abs(at - now)
  const lengthMs = 1000 * (LENGTHS.find(([, , length]) => ms / 1000 >= length)?.[2] ?? 1)
  return Math.min(A_DAY_MS, at > now ? (ms % lengthMs) + 1 : lengthMs - (ms % lengthMs))
}

/** `820 ms`, `4.2 s`, `3 min 5 s`. */
export function formatDuration(ms: number): string {
  if (ms < 1000) return `${number.format(Math.round(ms))} ms`
  if (ms < 60_000) return `${duration.format(ms < 10_000 ? ms / 1000 : Math.round(ms / 1000))} s`
  const minutes = Math.floor(ms / 60_000)
  if (minutes < 60) return `${minutes} min ${Math.floor((ms % 60_000) / 1000)} s`
  return `${number.format(Math.floor(minutes / 60))} h ${minutes % 60} min`
}

export function formatBytes(bytes: number): string {
  const units = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte']
  const power = Math.min(units.length - 1, bytes === 0 ? 0 : Math.floor(Math.log10(bytes) / 3))
  return new Intl.NumberFormat(undefined, {
    style: 'unit',
    unit: units[power] ?? 'byte',
    unitDisplay: power === 0 ? 'long' : 'short',
    maximumFractionDigits: 1
  }).format(bytes / 1000 ** power)
}

export const formatPixels = ({ width, height }: { width: number; height: number }): string => `${width} × ${height}`
