import { type RawBuilder, sql, type SqlBool } from 'kysely'
import type { Db } from '../db/database.ts'
import { isKeptAt } from '../db/kept-at.ts'

/** Of public requests that ended well, with their owners. Literal, as in the index `requests_public`, which is walked because of that. */
export const publicRequests = (db: Db) =>
  db
    .selectFrom('requests')
    .innerJoin('users', 'users.id', 'requests.user_id')
    .where(sql<SqlBool>`requests.visibility = 'PUBLIC' and requests.state = 'succeeded'`)

/** Of these, whether strangers are shown it: not what has expired, goes once it was fetched, or is of people who were shut out. */
export const isShown = (now: number): RawBuilder<SqlBool> =>
  sql<SqlBool>`(${isKeptAt(now)} and (requests.expires_in is null or requests.expires_in > 0 or requests.pinned = 1)
    and users.disabled_at is null and users.deleted_at is null)`
