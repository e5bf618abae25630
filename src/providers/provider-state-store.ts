import type { Db } from '../db/database.ts'
import { forgetFinds } from './service-finds-store.ts'

/**
 * Drains a provider: once this is committed, no claim for it succeeds. One that is drained already keeps the time since
 * which it was.
 */
export async function drainProvider(db: Db, id: string, now: number): Promise<void> {
  await db
    .updateTable('providers')
    .set({ drained_at: now })
    .where('id', '=', id)
    .where('drained_at', 'is', null)
    .execute()
}

export async function resumeProvider(db: Db, id: string): Promise<void> {
  await db.updateTable('providers').set({ drained_at: null }).where('id', '=', id).execute()
}

/** Hides a provider until its agent connects again; false when it is online. */
export async function forgetProvider(db: Db, id: string, now: number): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('providers')
    .set({ forgotten_at: now })
    .where('id', '=', id)
    .where('online_until', '<=', now)
    .executeTakeFirst()
  if (numUpdatedRows === 0n) return false
  // Should it connect in between, it tells anew what it has when that changes, or when it connects again.
  await forgetFinds(db, id)
  return true
}

/** What a provider is called and whose it is; undefined when there is none of that id. */
export const findProviderName = (db: Db, id: string): Promise<{ name: string; owner_id: string } | undefined> =>
  db.selectFrom('providers').select(['name', 'owner_id']).where('id', '=', id).executeTakeFirst()
