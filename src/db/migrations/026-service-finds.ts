import type { Kysely } from 'kysely'

/** What agents say that their image servers have. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('service_finds')
    .addColumn('service_id', 'text', (c) => c.primaryKey().references('services.id'))
    // JSON, all of it.
    .addColumn('found', 'text', (c) => c.notNull())
    // JSON: LoRAs that callers may name, by model.
    .addColumn('loras', 'text', (c) => c.notNull())
    // Models that serve nothing yet and could.
    .addColumn('spare', 'integer', (c) => c.notNull())
    .addColumn('found_at', 'bigint', (c) => c.notNull())
    .execute()
  // JSON: the models that it has loaded; null: it is not known.
  await db.schema.alterTable('services').addColumn('loaded', 'text').execute()
}
