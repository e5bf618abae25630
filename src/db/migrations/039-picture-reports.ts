import type { Kysely } from 'kysely'

/**
 * What strangers say against public pictures, until an admin has dealt with it: `reporter` is a keyed hash of an address. And what
 * was taken down, when and why (`lib/report-reasons.ts`).
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('picture_reports')
    .addColumn('request_id', 'text', (c) => c.notNull())
    .addColumn('asset_id', 'text', (c) => c.notNull())
    .addColumn('reporter', 'text', (c) => c.notNull())
    .addColumn('reason', 'text', (c) => c.notNull())
    .addColumn('text', 'text', (c) => c.notNull())
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .addPrimaryKeyConstraint('picture_reports_pk', ['request_id', 'asset_id', 'reporter'])
    .execute()
  await db.schema.createIndex('picture_reports_by_time').on('picture_reports').column('created_at').execute()
  await db.schema.alterTable('requests').addColumn('taken_down_at', 'bigint').execute()
  await db.schema.alterTable('requests').addColumn('taken_down_for', 'text').execute()
  await db.schema
    .createIndex('requests_taken_down')
    .on('requests')
    .column('taken_down_at')
    .where('taken_down_at', 'is not', null)
    .execute()
}
