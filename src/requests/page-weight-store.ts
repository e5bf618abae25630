import { sql } from 'kysely'
import type { Db } from '../db/database.ts'

/** A page of two hundred usual requests has a tenth of it. */
export const MOST_PAGE_CHARS = 4_000_000

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
      sql<number>`length(prompt) + length(parameters) + length(warnings)`.as('chars'),
      e
        .selectFrom('tasks')
        .select(sql<number>`sum(coalesce(length(warnings), 0) + coalesce(length(report), 0))`.as('said'))
        .whereRef('tasks.request_id', '=', 'requests.id')
        .as('said')
    ])
    .where('id', 'in', ids)
    .execute()
  const lengths = new Map(rows.map(({ id, chars, said }) => [id, Number(chars) + Number(said ?? 0)]))
  let chars = 0
  const first = ids.findIndex((id, index) => (chars += lengths.get(id) ?? 0) > MOST_PAGE_CHARS && index > 0)
  return first === -1 ? ids.length : first
}
