import type { Kysely } from 'kysely'

/** What jobs need on top of the spine: idempotency, batches, routing by owner, webhooks and their outbox. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable('requests').addColumn('batch_id', 'text').execute()
  await db.schema.alterTable('requests').addColumn('batch_position', 'integer').execute()
  await db.schema.alterTable('requests').addColumn('webhook_url', 'text').execute()
  await db.schema.createIndex('requests_by_batch').on('requests').columns(['batch_id', 'batch_position']).execute()
  // Whoever asks for what is active must not read what they ever made.
  await db.schema
    .createIndex('requests_by_user_state')
    .on('requests')
    .columns(['user_id', 'state', 'created_at'])
    .execute()
  await db.schema
    .alterTable('tasks')
    .addColumn('routing', 'text', (c) => c.notNull().defaultTo('any'))
    .execute()
  // A service finds what it can make behind any number of images that it cannot.
  await db.schema
    .createIndex('tasks_by_lane')
    .on('tasks')
    .columns(['state', 'model', 'needs', 'routing', 'class', 'order_key', 'queued_at'])
    .execute()
  await db.schema.alterTable('api_keys').addColumn('webhook_secret', 'text').execute()

  await db.schema.createIndex('usage_images_by_model').on('usage_images').columns(['model', 'created_at']).execute()

  // Kept for a day even when what they created has been deleted: a late retry must not do the work again.
  await db.schema
    .createTable('idempotency_keys')
    .addColumn('user_id', 'text', (c) => c.notNull())
    .addColumn('endpoint', 'text', (c) => c.notNull())
    .addColumn('key', 'text', (c) => c.notNull())
    .addColumn('fingerprint', 'text', (c) => c.notNull())
    .addColumn('target_id', 'text', (c) => c.notNull())
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .addColumn('expires_at', 'bigint')
    .addPrimaryKeyConstraint('idempotency_keys_pk', ['user_id', 'endpoint', 'key'])
    .execute()
  await db.schema.createIndex('idempotency_keys_by_target').on('idempotency_keys').columns(['target_id']).execute()
  await db.schema.createIndex('idempotency_keys_by_expiry').on('idempotency_keys').columns(['expires_at']).execute()

  await db.schema
    .createTable('batches')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('user_id', 'text', (c) => c.notNull().references('users.id'))
    .addColumn('label', 'text')
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .execute()
  await db.schema.createIndex('batches_by_user').on('batches').columns(['user_id', 'created_at']).execute()

  // The outbox: a row is written in the transaction that ends the request, and stays as the log.
  await db.schema
    .createTable('webhook_deliveries')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('user_id', 'text', (c) => c.notNull())
    .addColumn('api_key_id', 'text', (c) => c.notNull())
    .addColumn('request_id', 'text', (c) => c.notNull())
    .addColumn('event_type', 'text', (c) => c.notNull())
    .addColumn('url', 'text', (c) => c.notNull())
    .addColumn('payload', 'text', (c) => c.notNull())
    .addColumn('state', 'text', (c) => c.notNull())
    .addColumn('tries', 'integer', (c) => c.notNull().defaultTo(0))
    .addColumn('next_try_at', 'bigint', (c) => c.notNull())
    .addColumn('last_status', 'integer')
    .addColumn('last_error', 'text')
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .addColumn('first_try_at', 'bigint')
    .addColumn('delivered_at', 'bigint')
    .execute()
  await db.schema
    .createIndex('webhook_deliveries_due')
    .on('webhook_deliveries')
    .columns(['state', 'next_try_at'])
    .execute()
  await db.schema
    .createIndex('webhook_deliveries_by_user')
    .on('webhook_deliveries')
    .columns(['user_id', 'created_at'])
    .execute()
}
