import type { Kysely } from 'kysely'

/**
 * Images that agents were given links for, to write them into the bucket by themselves: one of each attempt, where it lies until it
 * was looked at, and what it was said to be. Their bytes and rows go some time after `expires_at`, when the last link has ended.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('staged_images')
    .addColumn('attempt_id', 'text', (c) => c.primaryKey())
    .addColumn('storage_key', 'text', (c) => c.notNull())
    .addColumn('bytes', 'bigint', (c) => c.notNull())
    .addColumn('sha256', 'text', (c) => c.notNull())
    .addColumn('media_type', 'text', (c) => c.notNull())
    .addColumn('expires_at', 'bigint', (c) => c.notNull())
    .execute()
  await db.schema.createIndex('staged_images_by_end').on('staged_images').column('expires_at').execute()
}
