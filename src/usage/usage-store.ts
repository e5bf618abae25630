import type { Insertable } from 'kysely'
import type { Db, Trx } from '../db/database.ts'
import type { Tables } from '../db/tables.ts'

/**
 * Counts one stored image. Called inside the transaction that finishes it, so that an image is counted exactly when
 * it exists.
 */
export async function recordImage(trx: Trx, row: Insertable<Tables['usage_images']>): Promise<void> {
  await trx.insertInto('usage_images').values(row).execute()
}

/** Images looked at: enough to be steady, few enough to follow a change of hardware. */
const RECENT_IMAGES = 30

/** Seconds of engine time per million pixels, over the latest images of a model; undefined before the first. */
export async function secondsPerMegapixel(db: Db, model: string): Promise<number | undefined> {
  const rows = await db
    .selectFrom('usage_images')
    .select(['width', 'height', 'generating_ms'])
    .where('model', '=', model)
    .orderBy('created_at', 'desc')
    .limit(RECENT_IMAGES)
    .execute()
  const pixels = rows.reduce((sum, row) => sum + row.width * row.height, 0)
  const ms = rows.reduce((sum, row) => sum + row.generating_ms, 0)
  return pixels === 0 ? undefined : ms / 1000 / (pixels / 1e6)
}
