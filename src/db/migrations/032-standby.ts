import { type Kysely, sql } from 'kysely'

/**
 * Waiting images that a busy service holds ready (`held`). Anybody who is idle may take them, but they go to other places than
 * those that nobody holds, so they are lanes of their own.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .alterTable('tasks')
    .addColumn('held', 'integer', (column) => column.notNull().defaultTo(0))
    .execute()
  await db.schema.dropIndex('tasks_by_lane').execute()
  await db.schema
    .createIndex('tasks_by_lane')
    .on('tasks')
    .columns([
      'model',
      'user_id',
      'class',
      'needs',
      'routing',
      'node_faults',
      'refusals',
      'held',
      'order_key',
      'queued_at'
    ])
    .where(sql.ref('state'), '=', 'queued')
    .execute()
}
