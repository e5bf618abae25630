import { type RawBuilder, sql, type SqlBool } from 'kysely'

/**
 * Of rows of `requests`: their time is not over. Those whose time is are nobody's any more, also before they have been deleted,
 * and are there again if it was a clock that somebody had set.
 */
export const isKeptAt = (now: number): RawBuilder<SqlBool> =>
  sql<SqlBool>`(requests.expires_at is null or requests.expires_at > ${now} or requests.pinned = 1)`

/** Of rows of `assets` with those of `requests`: the same, and what was to go once it was delivered has not been. */
export const isImageKeptAt = (now: number): RawBuilder<SqlBool> =>
  sql<SqlBool>`(${isKeptAt(now)} and (assets.delivered_at is null or requests.pinned = 1))`
