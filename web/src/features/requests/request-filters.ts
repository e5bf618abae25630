import type { FilterOptions, RequestKind, RequestStatus } from '../../../../src/http/dashboard/contract/requests.ts'
import type { RequestSearch } from '../../lib/request-search.ts'
import { VISIBILITY_CHOICES } from '../../lib/visibility-words.ts'
import { formatDay } from '../../lib/format.ts'
import type { ListQuery } from '../../lib/request-list.ts'

export type FilterName = keyof RequestSearch

/** Periods that end now, by what stands in the address. */
export const PERIODS = [
  { value: 'today', label: 'Today', days: 1 },
  { value: '7d', label: 'Last 7 days', days: 7 },
  { value: '30d', label: 'Last 30 days', days: 30 }
] as const
export type Period = '' | (typeof PERIODS)[number]['value'] | 'custom'

export const STATUSES: readonly { value: RequestStatus | 'active'; label: string }[] = [
  { value: 'active', label: 'Unfinished' },
  { value: 'queued', label: 'Queued' },
  { value: 'running', label: 'Running' },
  { value: 'succeeded', label: 'Done' },
  { value: 'failed', label: 'Failed' },
  { value: 'canceled', label: 'Canceled' }
]

export const KINDS: readonly { value: RequestKind; label: string }[] = [
  { value: 'generation', label: 'Generation' },
  { value: 'edit', label: 'Edit' },
  { value: 'variation', label: 'Variation' }
]

const labelIn = (options: readonly { value: string; label: string }[], value: string | undefined) =>
  options.find((one) => one.value === value)?.label

/** Which choice of a period the address stands for. */
export function periodOf({ from, to }: RequestSearch): Period {
  if (from === undefined && to === undefined) return ''
  return PERIODS.find(({ value }) => value === from)?.value ?? 'custom'
}

/** `2026-03-01` as the first moment of that day here, UTC milliseconds; undefined when it is no date. */
export function startOfDate(text: string | undefined): number | undefined {
  const parts = /^(\d{4})-(\d\d)-(\d\d)$/.exec(text ?? '')
  if (!parts) return undefined
  const [year, month, day] = parts.slice(1).map(Number) as [number, number, number]
  const date = new Date(year, month - 1, day)
  return date.getMonth() === month - 1 ? date.getTime() : undefined
}

/** The first moment of the day that is so many days before or after; days of clock changes are longer or shorter. */
export function shiftDays(at: number, days: number): number {
  const date = new Date(at)
  return new Date(date.getFullYear(), date.getMonth(), date.getDate() + days).getTime()
}

function rangeOf(search: RequestSearch, today: number): { from?: number; to?: number } {
  const period = PERIODS.find(({ value }) => value === search.from)
  if (period) return { from: shiftDays(today, 1 - period.days) }
  const [from, to] = [startOfDate(search.from), startOfDate(search.to)]
  return { ...(from !== undefined && { from }), ...(to !== undefined && { to: shiftDays(to, 1) - 1 }) }
}

/**
 * What the address asks for, as the server is asked; what it does not make sense of is not asked for. `today` is the
 * first moment of the reader's day, UTC milliseconds.
 */
export function toListQuery(
  search: RequestSearch,
  { today, seesOthers }: { today: number; seesOthers: boolean }
): ListQuery {
  const { q = '', model, provider, owner } = search
  const status = STATUSES.find(({ value }) => value === search.status)?.value
  const kind = KINDS.find(({ value }) => value === search.kind)?.value
  const visibility = VISIBILITY_CHOICES.find(({ value }) => value === search.visibility)?.value
  return {
    ...(q.trim() !== '' && { q: q.trim() }),
    ...(model !== undefined && { model }),
    ...(provider !== undefined && { provider }),
    ...(status && { status }),
    ...(kind && { kind }),
    ...(visibility && { visibility }),
    ...rangeOf(search, today),
    ...(seesOthers && owner !== undefined && { owner })
  }
}

export interface FilterChip {
  /** What taking it away takes from the address. */
  names: readonly FilterName[]
  label: string
}

/** What the list is narrowed to, in words; what is searched for stands in its own field. */
export function filterChips(search: RequestSearch, options: FilterOptions | undefined): FilterChip[] {
  const { model, provider, owner } = search
  const nameIn = (list: FilterOptions['owners'] | undefined, id: string) =>
    list?.find((one) => one.id === id)?.name ?? id
  const chips: [FilterName, string | undefined][] = [
    ['owner', owner === 'all' ? 'Everybody' : owner && `By ${nameIn(options?.owners, owner)}`],
    ['status', labelIn(STATUSES, search.status)],
    ['kind', labelIn(KINDS, search.kind)],
    ['visibility', labelIn(VISIBILITY_CHOICES, search.visibility)],
    ['model', model],
    ['provider', provider && `On ${nameIn(options?.providers, provider)}`]
  ]
  const period = periodLabel(search)
  return [
    ...chips.flatMap(([name, label]) => (label === undefined ? [] : [{ names: [name], label }])),
    ...(period === undefined ? [] : [{ names: ['from', 'to'] as const, label: period }])
  ]
}

function periodLabel(search: RequestSearch): string | undefined {
  const period = labelIn(PERIODS, search.from)
  if (period !== undefined) return period
  const [from, to] = [startOfDate(search.from), startOfDate(search.to)]
  if (from !== undefined && to !== undefined) return `${formatDay(from)} – ${formatDay(to)}`
  if (from !== undefined) return `Since ${formatDay(from)}`
  return to === undefined ? undefined : `Until ${formatDay(to)}`
}

/** Without these filters, or, when none is named, without any. */
export function withoutFilters(search: RequestSearch, names?: readonly FilterName[]): RequestSearch {
  if (!names) return {}
  return Object.fromEntries(Object.entries(search).filter(([name]) => !names.includes(name as FilterName)))
}

/** `2026-03-01`: the day of a moment here. */
export function dateText(at: number): string {
  const date = new Date(at)
  const two = (value: number) => String(value).padStart(2, '0')
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`
}
