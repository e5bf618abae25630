export const RANGES = ['today', '7d', '30d', '90d', 'this-month', 'last-month', 'custom'] as const
export type RangeName = (typeof RANGES)[number]

export const GROUPS = ['model', 'key', 'provider', 'person', 'kind'] as const
export type GroupBy = (typeof GROUPS)[number]

export const SORTS = ['name', 'images', 'share', 'requests', 'megapixels'] as const
export type UsageSort = (typeof SORTS)[number]

/** What the usage page shows, as its address says it; what is absent is as usual. */
export interface UsageSearch {
  range?: RangeName | undefined
  /** `YYYY-MM-DD` in UTC, the first and the last day, for `range: 'custom'`. */
  from?: string | undefined
  to?: string | undefined
  by?: GroupBy | undefined
  /** Admins only: everybody's. */
  owner?: 'all' | undefined
  sort?: UsageSort | undefined
  /** The least first. */
  ascending?: true | undefined
}

/** What does not count is named as undefined: what a route does not name, the router leaves as it was. */
export const parseUsageSearch = (search: Record<string, unknown>): UsageSearch => ({
  range: RANGES.find((range) => range === search.range),
  from: asDay(search.from),
  to: asDay(search.to),
  by: GROUPS.find((group) => group === search.by),
  owner: search.owner === 'all' ? 'all' : undefined,
  sort: SORTS.find((sort) => sort === search.sort),
  ascending: search.ascending === true ? true : undefined
})

const asDay = (value: unknown): string | undefined => {
  if (typeof value !== 'string' || !/^\d{4}-\d\d-\d\d$/.test(value)) return undefined
  return Number.isNaN(Date.parse(value)) ? undefined : value
}
