import type { KeyInfo } from '../../../../src/http/dashboard/contract/keys.ts'
import type { FilterOptions } from '../../../../src/http/dashboard/contract/requests.ts'
import type { GroupBy } from '../../lib/usage-search.ts'

/** In the middle of a sentence. */
export const GROUP_WORDS: Record<GroupBy, string> = {
  model: 'model',
  key: 'API key',
  provider: 'provider',
  person: 'person',
  kind: 'kind'
}

/** The key of what was made in the dashboard. */
const DASHBOARD_KEY = 'dashboard'
const KINDS: Record<string, string> = {
  'image.generation': 'Generations',
  'image.edit': 'Edits',
  'image.variation': 'Variations'
}

export interface KnownNames {
  filters: FilterOptions | undefined
  keys: readonly Pick<KeyInfo, 'id' | 'name'>[] | undefined
}

/** What people call what images are grouped by; what has no name any more keeps its id. */
export function groupNames(by: GroupBy, { filters, keys }: KnownNames): (key: string) => string {
  const named = {
    model: [],
    key: keys ?? [],
    provider: filters?.providers ?? [],
    person: filters?.owners ?? [],
    kind: []
  }[by]
  const names = new Map(named.map(({ id, name }) => [id, name]))
  return (key) => {
    if (by === 'key' && key === DASHBOARD_KEY) return 'This dashboard'
    if (by === 'kind') return KINDS[key] ?? key
    return names.get(key) ?? (key === '' ? 'Unknown' : key)
  }
}
