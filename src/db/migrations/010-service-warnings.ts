import type { Kysely } from 'kysely'

/** What an agent says of an image server that does not answer. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable('services').addColumn('warning', 'text').execute()
  await db.schema.alterTable('services').addColumn('warning_since', 'bigint').execute()
}
