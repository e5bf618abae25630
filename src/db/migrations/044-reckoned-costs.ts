import type { Kysely } from 'kysely'

/**
 * What an image was reckoned to cost when it was queued, so that the place behind it follows from its row; 0 of those that waited
 * before this was kept.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .alterTable('tasks')
    .addColumn('cost', 'integer', (column) => column.notNull().defaultTo(0))
    .execute()
}
