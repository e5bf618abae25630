import type { Kysely } from 'kysely'

/** When admins looked at requests of others: one row of each admin and request, in which `times` counts the hours. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('looks')
    .addColumn('request_id', 'text', (c) => c.notNull())
    .addColumn('viewer_id', 'text', (c) => c.notNull())
    .addColumn('first_at', 'bigint', (c) => c.notNull())
    .addColumn('last_at', 'bigint', (c) => c.notNull())
    .addColumn('times', 'integer', (c) => c.notNull())
    .addPrimaryKeyConstraint('looks_pk', ['request_id', 'viewer_id'])
    .execute()
}
