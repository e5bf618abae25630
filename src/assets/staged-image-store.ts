import type { Selectable } from 'kysely'
import type { Database } from '../db/database.ts'
import type { Tables } from '../db/tables.ts'

export type StagedImageRow = Selectable<Tables['staged_images']>

export interface StagedImageStore {
  /** Writes what an attempt brings down, anew when it announces it again; answers where it lies, which stays the same. */
  announce(row: StagedImageRow): Promise<string>
  find(attemptId: string): Promise<StagedImageRow | undefined>
  /** Up to `limit` of those whose last link ended before `before`. */
  listEnded(before: number, limit: number): Promise<StagedImageRow[]>
  /** Drops the rows of these attempts, as far as they are none of newer links. */
  forget(attemptIds: readonly string[], before: number): Promise<void>
}

export function createStagedImageStore({ db }: Pick<Database, 'db'>): StagedImageStore {
  return {
    announce: async (row) => {
      const { bytes, sha256, media_type, expires_at } = row
      const { storage_key: storageKey } = await db
        .insertInto('staged_images')
        .values(row)
        .onConflict((c) => c.column('attempt_id').doUpdateSet({ bytes, sha256, media_type, expires_at }))
        .returning('storage_key')
        .executeTakeFirstOrThrow()
      return storageKey
    },
    find: (attemptId) =>
      db.selectFrom('staged_images').selectAll().where('attempt_id', '=', attemptId).executeTakeFirst(),
    listEnded: (before, limit) =>
      db
        .selectFrom('staged_images')
        .selectAll()
        .where('expires_at', '<', before)
        .orderBy('expires_at')
        .limit(limit)
        .execute(),
    forget: async (attemptIds, before) => {
      await db
        .deleteFrom('staged_images')
        .where('attempt_id', 'in', attemptIds)
        .where('expires_at', '<', before)
        .execute()
    }
  }
}
