const FILTERS = ['q', 'model', 'provider', 'status', 'kind', 'visibility', 'from', 'to', 'owner'] as const

/** What the gallery is narrowed to, as its address says it. */
export type RequestSearch = Partial<Record<(typeof FILTERS)[number], string>>

/** The words of the API, which people know from their programs. */
const API_STATUSES = new Map([
  ['QUEUED', 'queued'],
  ['PROCESSING', 'running'],
  ['PROCESSED', 'succeeded'],
  ['FAILED', 'failed'],
  ['CANCELED', 'canceled']
])

export function parseRequestSearch(search: Record<string, unknown>): RequestSearch {
  const given = FILTERS.filter((name) => search[name] !== undefined && search[name] !== '')
  const { status, ...others }: RequestSearch = Object.fromEntries(given.map((name) => [name, String(search[name])]))
  return { ...others, ...(status !== undefined && { status: API_STATUSES.get(status) ?? status }) }
}
