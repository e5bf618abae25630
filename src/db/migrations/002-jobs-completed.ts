import { type Kysely, sql } from 'kysely'

const DAY_MS = 86_400_000

/**
 * What `002-jobs` came to make while it was still edited: three times, after folders had been made by it. It runs where
 * `002-jobs` ends, because later migrations build on it, and in every folder: what is there already stays as it is.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  const tables = await db.introspection.getTables()
  const lacks = (table: string, column: string) =>
    tables.some((one) => one.name === table && !one.columns.some(({ name }) => name === column))
  const index = (name: string) => db.schema.createIndex(name).ifNotExists()

  if (lacks('requests', 'batch_position')) {
    await db.schema.alterTable('requests').addColumn('batch_position', 'integer').execute()
    // The images of a batch were written in its order.
    await sql`update requests set batch_position = (
        select count(*) from requests as other where other.batch_id = requests.batch_id and other.rowid < requests.rowid
      ) where batch_id is not null`.execute(db)
    await db.schema.dropIndex('requests_by_batch').execute()
  }
  await index('requests_by_batch').on('requests').columns(['batch_id', 'batch_position']).execute()
  await index('requests_by_user_state').on('requests').columns(['user_id', 'state', 'created_at']).execute()
  await index('tasks_by_lane')
    .on('tasks')
    .columns(['state', 'model', 'needs', 'routing', 'class', 'order_key', 'queued_at'])
    .execute()
  await index('usage_images_by_model').on('usage_images').columns(['model', 'created_at']).execute()

  if (lacks('idempotency_keys', 'expires_at')) {
    await db.schema.alterTable('idempotency_keys').addColumn('expires_at', 'bigint').execute()
    // Those of what is there end with it; the others were to be kept for a day.
    await sql`update idempotency_keys set expires_at = created_at + ${sql.lit(DAY_MS)}
      where not exists (select 1 from requests where id = target_id)
        and not exists (select 1 from batches where id = target_id)`.execute(db)
  }
  await index('idempotency_keys_by_target').on('idempotency_keys').columns(['target_id']).execute()
  await index('idempotency_keys_by_expiry').on('idempotency_keys').columns(['expires_at']).execute()
}
