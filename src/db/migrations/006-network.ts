import { type Kysely, sql } from 'kysely'

const DIMENSIONS = ['user_id', 'api_key_id', 'provider_id', 'model', 'kind', 'width', 'height'] as const

/** Providers that are drained or forgotten, people whom an owner does not serve, and figures that stay cheap to read. */
export async function up(db: Kysely<unknown>): Promise<void> {
  // It finishes what it has and gets nothing new.
  await db.schema.alterTable('providers').addColumn('drained_at', 'bigint').execute()
  // Shown no more until its agent connects again; what it made still points to it.
  await db.schema.alterTable('providers').addColumn('forgotten_at', 'bigint').execute()

  await db.schema
    .createTable('provider_blocks')
    .addColumn('provider_id', 'text', (c) => c.notNull().references('providers.id').onDelete('cascade'))
    .addColumn('user_id', 'text', (c) => c.notNull().references('users.id').onDelete('cascade'))
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .addPrimaryKeyConstraint('provider_blocks_pk', ['provider_id', 'user_id'])
    .execute()
  await db.schema.createIndex('provider_blocks_by_user').on('provider_blocks').columns(['user_id']).execute()

  await createUsageDays(db)
  await createUsageProviders(db)
  await db.schema.createIndex('usage_hours_by_provider').on('usage_hours').columns(['provider_id', 'hour']).execute()
  // In an order without ties, so that the images of a time can be read in slices.
  await db.schema.dropIndex('usage_images_by_time').execute()
  await db.schema.createIndex('usage_images_by_time').on('usage_images').columns(['created_at', 'asset_id']).execute()

  // The latest failures of a provider, of each reason for itself; what succeeds has none and is not in it.
  await db.schema
    .createIndex('attempts_by_fault')
    .on('attempts')
    .columns(['provider_id', 'reason', 'finished_at', 'service_id'])
    .where(sql.ref('reason'), 'is not', null)
    .execute()
}

async function createUsageDays(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('usage_days')
    .addColumn('day', 'bigint', (c) => c.notNull())
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
    .addColumn('last_at', 'bigint', (c) => c.notNull())
    .addPrimaryKeyConstraint('usage_days_pk', ['day', ...DIMENSIONS])
    .execute()
  const dimensions = sql.join(DIMENSIONS.map((name) => sql.ref(name)))
  // When the last image of an hour was made is not known there: its beginning stands for it.
  await sql`insert into usage_days
    (day, ${dimensions}, images, requests, generating_ms, last_at)
    select hour - hour % 86400000 as day, ${dimensions}, sum(images), sum(requests), sum(generating_ms), max(hour)
    from usage_hours group by hour - hour % 86400000, ${dimensions}`.execute(db)
  for (const [name, column] of Object.entries({ user: 'user_id', key: 'api_key_id', provider: 'provider_id' })) {
    await db.schema.createIndex(`usage_days_by_${name}`).on('usage_days').columns([column, 'day']).execute()
  }
}

async function createUsageProviders(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('usage_providers')
    .addColumn('provider_id', 'text', (c) => c.primaryKey())
    .addColumn('images', 'bigint', (c) => c.notNull())
    .execute()
  await sql`insert into usage_providers (provider_id, images)
    select provider_id, sum(images) from usage_hours group by provider_id`.execute(db)
}
