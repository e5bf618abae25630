import type { Kysely } from 'kysely'

/** Limits of keys, people and services, and usage that stays fast to read: hourly totals plus what is not in them yet. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const table of ['api_keys', 'users']) {
    for (const column of ['images_per_day', 'images_per_month', 'max_active'] as const) {
      await db.schema.alterTable(table).addColumn(column, 'integer').execute()
    }
    await db.schema.alterTable(table).addColumn('max_pixels', 'bigint').execute()
    // JSON list; null allows all.
    await db.schema.alterTable(table).addColumn('allowed_models', 'text').execute()
  }
  await db.schema.alterTable('api_keys').addColumn('rate_limit', 'integer').execute()
  await db.schema.alterTable('api_keys').addColumn('default_response_format', 'text').execute()

  await db.schema.alterTable('services').addColumn('images_per_hour', 'integer').execute()
  await db.schema.alterTable('services').addColumn('images_per_user_hour', 'integer').execute()

  // Which key a waiting image is reserved for.
  await db.schema
    .alterTable('tasks')
    .addColumn('api_key_id', 'text', (c) => c.notNull().defaultTo(''))
    .execute()
  await db.schema.createIndex('tasks_by_key').on('tasks').columns(['api_key_id', 'state']).execute()

  await db.schema
    .alterTable('usage_images')
    .addColumn('rolled_up', 'integer', (c) => c.notNull().defaultTo(0))
    .execute()
  // So that requests can be counted by adding up, whatever the images are grouped by.
  await db.schema
    .alterTable('usage_images')
    .addColumn('first_of_request', 'integer', (c) => c.notNull().defaultTo(0))
    .execute()
  await db.schema
    .createIndex('usage_images_tail')
    .on('usage_images')
    .columns(['rolled_up', 'created_at'])
    .where('rolled_up', '=', 0)
    .execute()
  await db.schema.createIndex('usage_images_by_request').on('usage_images').columns(['request_id']).execute()
  await db.schema
    .createIndex('usage_images_by_service')
    .on('usage_images')
    .columns(['service_id', 'created_at'])
    .execute()

  await db.schema
    .createTable('usage_hours')
    .addColumn('hour', 'bigint', (c) => c.notNull())
    .addColumn('user_id', 'text', (c) => c.notNull())
    .addColumn('api_key_id', 'text', (c) => c.notNull())
    .addColumn('provider_id', 'text', (c) => c.notNull())
    .addColumn('model', 'text', (c) => c.notNull())
    .addColumn('kind', 'text', (c) => c.notNull())
    .addColumn('width', 'integer', (c) => c.notNull())
    .addColumn('height', 'integer', (c) => c.notNull())
    .addColumn('images', 'bigint', (c) => c.notNull())
    .addColumn('requests', 'bigint', (c) => c.notNull())
    .addColumn('generating_ms', 'bigint', (c) => c.notNull())
    .addPrimaryKeyConstraint('usage_hours_pk', [
      'hour',
      'user_id',
      'api_key_id',
      'provider_id',
      'model',
      'kind',
      'width',
      'height'
    ])
    .execute()
  await db.schema.createIndex('usage_hours_by_user').on('usage_hours').columns(['user_id', 'hour']).execute()
  await db.schema.createIndex('usage_hours_by_key').on('usage_hours').columns(['api_key_id', 'hour']).execute()
}
