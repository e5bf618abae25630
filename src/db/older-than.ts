import { type RawBuilder, sql, type SqlBool } from 'kysely'

/** What comes after `last` in a list that is newest first, rows of the same millisecond in falling order of their ids. */
export const olderThan = (last: { created_at: number; id: string }): RawBuilder<SqlBool> =>
  sql<SqlBool>`(created_at, id) < (${last.created_at}, ${last.id})`
