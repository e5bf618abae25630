import type { Kysely } from 'kysely'

/** Models that owners want their image servers to load, and what became of that. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('service_warms')
    .addColumn('service_id', 'text', (c) => c.notNull().references('services.id'))
    .addColumn('model', 'text', (c) => c.notNull())
    .addColumn('wish', 'text', (c) => c.notNull())
    .addColumn('state', 'text', (c) => c.notNull())
    .addColumn('text', 'text', (c) => c.notNull())
    .addColumn('asked_at', 'bigint', (c) => c.notNull())
    // Until when the state counts.
    .addColumn('until', 'bigint', (c) => c.notNull())
    .addPrimaryKeyConstraint('service_warms_pk', ['service_id', 'model'])
    .execute()
}
