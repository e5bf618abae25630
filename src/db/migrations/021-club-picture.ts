import type { Kysely } from 'kysely'

/** What a club shows of itself instead of the product's own sign: one row, or none. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('club_picture')
    .addColumn('id', 'integer', (c) => c.primaryKey())
    .addColumn('png', 'text', (c) => c.notNull())
    .addColumn('sha256', 'text', (c) => c.notNull())
    .addColumn('changed_at', 'bigint', (c) => c.notNull())
    .addColumn('changed_by', 'text', (c) => c.notNull())
    .execute()
}
