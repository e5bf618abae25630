import type { Kysely } from 'kysely'

/**
 * Images whose last row was deleted, until their bytes are gone: what has no row and is not here may be somebody's, such as
 * of a database older than its images.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('unwanted_objects')
    .addColumn('storage_key', 'text', (c) => c.primaryKey())
    .execute()
}
