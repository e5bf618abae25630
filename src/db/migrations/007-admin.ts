import { type Kysely, sql } from 'kysely'

/** What admins change and look at: settings, failed requests, deliveries of everybody, space in use; deleted accounts. */
export async function up(db: Kysely<unknown>): Promise<void> {
  // Of the person an id is left: what others did together with them stays readable.
  await db.schema.alterTable('users').addColumn('deleted_at', 'bigint').execute()

  // What differs from the environment while the gateway runs, and at its next start.
  await db.schema
    .createTable('settings')
    .addColumn('name', 'text', (c) => c.primaryKey())
    .addColumn('value', 'text', (c) => c.notNull())
    .addColumn('changed_at', 'bigint', (c) => c.notNull())
    .addColumn('changed_by', 'text', (c) => c.notNull())
    .execute()

  await db.schema.createIndex('api_keys_by_user').on('api_keys').columns(['user_id']).execute()
  await db.schema
    .createIndex('requests_failed')
    .on('requests')
    .columns(['state', 'finished_at', 'id'])
    .where(sql.ref('state'), '=', sql.lit('failed'))
    .execute()
  await db.schema
    .createIndex('webhook_deliveries_by_time')
    .on('webhook_deliveries')
    .columns(['created_at', 'id'])
    .execute()
  // With the size, so that the space in use is counted from the index alone.
  await db.schema.dropIndex('assets_by_request').execute()
  await db.schema
    .createIndex('assets_by_request')
    .on('assets')
    .columns(['request_id', 'kind', 'position', 'bytes'])
    .execute()
}
