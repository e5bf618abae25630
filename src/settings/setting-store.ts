import type { Db } from '../db/database.ts'
import { lockSettings } from '../db/locks.ts'

/** What admins changed, by the names of the settings: each value as its variable would spell it. */
export async function listSettings(db: Db): Promise<Map<string, string>> {
  const rows = await db.selectFrom('settings').select(['name', 'value']).execute()
  return new Map(rows.map(({ name, value }) => [name, value]))
}

/** All of them or none; null takes a change back. */
export const writeSettings = (
  db: Db,
  { values, by, now }: { values: ReadonlyMap<string, string | null>; by: string; now: number }
): Promise<void> =>
  db.transaction().execute(async (trx) => {
    await lockSettings(trx)
    for (const [name, value] of values) {
      if (value === null) {
        await trx.deleteFrom('settings').where('name', '=', name).execute()
        continue
      }
      const change = { value, changed_at: now, changed_by: by }
      await trx
        .insertInto('settings')
        .values({ name, ...change })
        .onConflict((c) => c.column('name').doUpdateSet(change))
        .execute()
    }
  })
