import { type Kysely, sql } from 'kysely'

/**
 * Several rows may refer to the same bytes: `storage_key` is not unique any more. `has_alpha`: whether the image has an
 * alpha channel or a transparent colour, so that its bytes need not be read to know; null of those stored before.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('new_assets')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('owner_id', 'text', (c) => c.notNull())
    .addColumn('request_id', 'text', (c) => c.notNull().references('requests.id'))
    .addColumn('kind', 'text', (c) => c.notNull())
    .addColumn('position', 'integer', (c) => c.notNull())
    .addColumn('storage_key', 'text', (c) => c.notNull())
    .addColumn('media_type', 'text', (c) => c.notNull())
    .addColumn('bytes', 'bigint', (c) => c.notNull())
    .addColumn('sha256', 'text', (c) => c.notNull())
    .addColumn('width', 'integer', (c) => c.notNull())
    .addColumn('height', 'integer', (c) => c.notNull())
    .addColumn('seed', 'bigint')
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .addColumn('has_alpha', 'integer')
    .execute()
  await sql`insert into new_assets
    select id, owner_id, request_id, kind, position, storage_key, media_type, bytes, sha256, width, height, seed,
      created_at, null from assets`.execute(db)
  await db.schema.dropTable('assets').execute()
  await db.schema.alterTable('new_assets').renameTo('assets').execute()
  await db.schema
    .createIndex('assets_by_request')
    .on('assets')
    .columns(['request_id', 'kind', 'position', 'bytes'])
    .execute()
  await db.schema.createIndex('assets_by_storage_key').on('assets').columns(['storage_key']).execute()
  await db.schema.createIndex('assets_by_content').on('assets').columns(['owner_id', 'sha256']).execute()
}
