import type { Kysely } from 'kysely'

/** Which field of a call an image server would not take. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable('tasks').addColumn('error_param', 'text').execute()
  await db.schema.alterTable('requests').addColumn('error_param', 'text').execute()
}
