import { type Kysely, sql } from 'kysely'

interface Deliveries {
  webhook_deliveries: { id: string; url: string; host: string; state: string }
}

/** `host`: host and port of the URL, so that what is due is chosen without reading what cannot be sent now. */
export async function up(db: Kysely<Deliveries>): Promise<void> {
  await db.schema
    .alterTable('webhook_deliveries')
    .addColumn('host', 'text', (c) => c.notNull().defaultTo(''))
    .execute()
  for (const { id, url } of await db.selectFrom('webhook_deliveries').select(['id', 'url']).execute()) {
    const host = URL.parse(url)?.host ?? ''
    await db.updateTable('webhook_deliveries').set({ host }).where('id', '=', id).execute()
  }
  await db.schema.dropIndex('webhook_deliveries_due').execute()
  await db.schema
    .createIndex('webhook_deliveries_due')
    .on('webhook_deliveries')
    .columns(['state', 'next_try_at', 'id', 'user_id', 'host'])
    .execute()
  await db.schema
    .createIndex('webhook_deliveries_pending')
    .on('webhook_deliveries')
    .columns(['user_id', 'host'])
    .where(sql.ref('state'), '=', sql.lit('pending'))
    .execute()
}
