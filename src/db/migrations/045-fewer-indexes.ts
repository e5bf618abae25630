import { type Kysely, sql } from 'kysely'

/**
 * What is written for each image and read by nobody: waiting and running images of a key are counted by triggers
 * (`unfinished_images`), and of batches only what is in one has a place.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema.dropIndex('tasks_by_key').execute()
  await db.schema.dropIndex('requests_by_batch').execute()
  const columns = sql`(batch_id, batch_position)`
  await sql`create index requests_by_batch on requests ${columns} where batch_id is not null`.execute(db)
}
