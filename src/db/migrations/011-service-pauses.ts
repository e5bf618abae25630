import type { Kysely } from 'kysely'

/** Services, or single models of theirs, that are left alone for a while. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('service_pauses')
    .addColumn('service_id', 'text', (c) => c.notNull().references('services.id'))
    // Empty: the whole service.
    .addColumn('model', 'text', (c) => c.notNull())
    .addColumn('reason', 'text', (c) => c.notNull())
    .addColumn('since', 'bigint', (c) => c.notNull())
    .addColumn('until', 'bigint', (c) => c.notNull())
    .addColumn('in_row', 'integer', (c) => c.notNull())
    .addPrimaryKeyConstraint('service_pauses_pk', ['service_id', 'model'])
    .execute()
}
