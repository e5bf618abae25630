import type { Kysely } from 'kysely'

/** What an image server said of the image it made, as JSON: a revised prompt, quality, background, usage. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable('tasks').addColumn('report', 'text').execute()
}
