import type { UsageSort } from '../../lib/usage-search.ts'
import type { UsageGroup } from './fold-usage.ts'

export interface NamedGroup extends UsageGroup {
  name: string
}

export interface SortOrder {
  by: UsageSort
  ascending: boolean
}

/** Equal ones stay in the order of their images. */
export const sortGroups = (groups: readonly NamedGroup[], { by, ascending }: SortOrder): NamedGroup[] =>
  groups.toSorted((a, b) => {
    const order = by === 'name' ? a.name.localeCompare(b.name, undefined, { numeric: true }) : a[by] - b[by]
    return ascending ? order : -order
  })

/** The order after a press on a column's heading: names begin with A, numbers with the most; then the other way. */
export const nextOrder = (now: SortOrder, pressed: UsageSort): SortOrder =>
  now.by === pressed ? { by: pressed, ascending: !now.ascending } : { by: pressed, ascending: pressed === 'name' }
