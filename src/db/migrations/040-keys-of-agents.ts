import type { Kysely } from 'kysely'

/**
 * The key by which a provider's agent connected last: the work it holds is its own for as long as that counts. Null: it has not
 * connected since before this was kept.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable('providers').addColumn('api_key_id', 'text').execute()
}
