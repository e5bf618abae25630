import type { Kysely } from 'kysely'

/** Until when a task that met a node's fault is not given to the services on which it did; 0: it met none. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .alterTable('tasks')
    .addColumn('not_before', 'bigint', (column) => column.notNull().defaultTo(0))
    .execute()
}
