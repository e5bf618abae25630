import { type Kysely, sql } from 'kysely'

/** Since when images wait for each model: the oldest is found without a look at the others. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createIndex('tasks_waiting_since')
    .on('tasks')
    .columns(['model', 'queued_at'])
    .where(sql.ref('state'), '=', 'queued')
    .execute()
}
