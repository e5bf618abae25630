const FILTERS = ['q', 'model', 'provider', 'status', 'kind', 'from', 'to', 'owner'] as const

/** What the gallery is narrowed to, as its address says it. */
export type RequestSearch = Partial<Record<(typeof FILTERS)[number], string>>

export const parseRequestSearch = (search: Record<string, unknown>): RequestSearch =>
  Object.fromEntries(
    FILTERS.filter((name) => search[name] !== undefined && search[name] !== '').map((name) => [
      name,
      String(search[name])
    ])
  )
