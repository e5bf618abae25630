import type { Insertable } from 'kysely'
import type { Trx } from '../db/database.ts'
import type { Tables } from '../db/tables.ts'

/**
 * Counts one stored image. Called inside the transaction that finishes it, so that an image is counted exactly when
 * it exists.
 */
export async function recordImage(trx: Trx, row: Insertable<Tables['usage_images']>): Promise<void> {
  await trx.insertInto('usage_images').values(row).execute()
}
