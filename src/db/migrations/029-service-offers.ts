import type { Kysely } from 'kysely'

/** Models that lie on a machine and that its owner wants to be offered, and what its agent makes of that. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('service_offers')
    .addColumn('service_id', 'text', (c) => c.primaryKey().references('services.id'))
    // JSON: their names, as the image server spells them.
    .addColumn('wanted', 'text', (c) => c.notNull())
    // Counts the changes of what is wanted.
    .addColumn('revision', 'integer', (c) => c.notNull())
    .addColumn('wanted_at', 'bigint', (c) => c.notNull())
    // JSON: what the agent accepts and refuses; null: it has not said yet.
    .addColumn('answer', 'text')
    .execute()
}
