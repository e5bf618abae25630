import { sql } from 'kysely'
import type { Db } from '../db/database.ts'

/**
 * Bytes of texts in one page. Two hundred usual requests have a fifth of that; more would hold up the gateway for a
 * noticeable moment.
 */
export const MOST_PAGE_BYTES = 2_000_000

/**
 * How many of these requests, in this order, fit a page by the length of their texts; the first always does. A page of a
 * list is held in memory several times over, and a prompt may be long.
 */
export async function countFitting(db: Db, ids: readonly string[]): Promise<number> {
  if (ids.length === 0) return 0
  const rows = await db
    .selectFrom('requests')
    .select((e) => [
      'id',
      // SQLite knows how many bytes a text has without reading it; to count its characters it would read all of it.
      sql<number>`octet_length(prompt) + octet_length(parameters) + octet_length(warnings)`.as('bytes'),
      e
        .selectFrom('tasks')
        .select(sql<number>`sum(coalesce(octet_length(warnings), 0) + coalesce(octet_length(report), 0))`.as('said'))
        .whereRef('tasks.request_id', '=', 'requests.id')
        .as('said')
    ])
    .where('id', 'in', ids)
    .execute()
  const lengths = new Map(rows.map(({ id, bytes, said }) => [id, Number(bytes) + Number(said ?? 0)]))
  let bytes = 0
  const first = ids.findIndex((id, index) => (bytes += lengths.get(id) ?? 0) > MOST_PAGE_BYTES && index > 0)
  return first === -1 ? ids.length : first
}
