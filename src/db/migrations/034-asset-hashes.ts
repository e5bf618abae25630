import type { Kysely } from 'kysely'

/** Whether an image was made here is asked by its hash. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema.createIndex('assets_by_hash').on('assets').columns(['sha256', 'kind']).execute()
}
