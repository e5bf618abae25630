import { type Kysely, sql } from 'kysely'

/** What a round of dispatch reads: who waits for what, and the heads of each of these queues. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema.dropIndex('tasks_by_lane').execute()
  // A lane is a part of the queue all of whose images may go to the same places; what no longer waits is not in it.
  await db.schema
    .createIndex('tasks_by_lane')
    .on('tasks')
    .columns(['model', 'user_id', 'class', 'needs', 'routing', 'node_faults', 'refusals', 'order_key', 'queued_at'])
    .where(sql.ref('state'), '=', 'queued')
    .execute()
}
