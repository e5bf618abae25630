import { type Kysely, sql } from 'kysely'

/**
 * How long requests are kept. `expires_in`: seconds from their end on, as the call or its key said (0: until delivered; null:
 * nothing was said), and `expires_at`, which follows from it when they end. `pinned`: 1 is kept whatever else is said. What
 * somebody keeps at most: `keep_ms` of age, `keep_bytes` in all; null: as the operator says.
 * `delivered_at`: when an image was fetched whole that was to be kept until then. `sweeps`: when the clock was last looked at
 * before anything was deleted by it, and for how long that has still to wait.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  const add = (table: string, name: string, type: 'integer' | 'bigint') =>
    db.schema.alterTable(table).addColumn(name, type).execute()
  await add('requests', 'expires_in', 'integer')
  await add('requests', 'expires_at', 'bigint')
  await db.schema
    .alterTable('requests')
    .addColumn('pinned', 'integer', (c) => c.notNull().defaultTo(0))
    .execute()
  await add('users', 'keep_ms', 'bigint')
  await add('users', 'keep_bytes', 'bigint')
  await add('api_keys', 'default_expires_in', 'integer')
  await add('assets', 'delivered_at', 'bigint')
  await db.schema
    .createTable('sweeps')
    .addColumn('name', 'text', (c) => c.primaryKey())
    .addColumn('seen_at', 'bigint', (c) => c.notNull())
    .addColumn('hold_ms', 'bigint', (c) => c.notNull())
    .execute()
  await db.schema
    .createIndex('requests_by_expiry')
    .on('requests')
    .columns(['expires_at'])
    .where(sql.ref('expires_at'), 'is not', null)
    .execute()
  await db.schema
    .createIndex('requests_by_age')
    .on('requests')
    .columns(['user_id', 'finished_at'])
    .where(sql.ref('finished_at'), 'is not', null)
    .where(sql.ref('pinned'), '=', 0)
    .execute()
  await db.schema
    .createIndex('webhook_deliveries_by_request')
    .on('webhook_deliveries')
    .columns(['request_id'])
    .execute()
}
