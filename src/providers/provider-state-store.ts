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

/** What of a provider its owner has paused, or an admin: all of it, or these of its services. */
export interface Paused {
  all: boolean
  services: string[]
}

/** Of these providers, by id. */
export async function listPaused(db: Db, ids: readonly string[]): Promise<Map<string, Paused>> {
  const rows = await db
    .selectFrom('providers')
    .leftJoin('services', (join) =>
      join
        .onRef('services.provider_id', '=', 'providers.id')
        .on('services.declared', '=', 1)
        .on('services.paused_at', 'is not', null)
    )
    .select(['providers.id', 'providers.drained_at', 'services.name'])
    .where('providers.id', 'in', ids)
    .orderBy('services.name')
    .execute()
  return new Map(
    [...Map.groupBy(rows, ({ id }) => id)].map(([id, those]) => [
      id,
      { all: those.some(({ drained_at }) => drained_at !== null), services: those.flatMap(({ name }) => name ?? []) }
    ])
  )
}

/** What a provider is called and whose it is; undefined when there is none of that id. */
export const findProviderName = (db: Db, id: string): Promise<{ name: string; owner_id: string } | undefined> =>
  db.selectFrom('providers').select(['name', 'owner_id']).where('id', '=', id).executeTakeFirst()
