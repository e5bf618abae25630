import type { Kysely } from 'kysely'

/**
 * What the owner of a service sets here counts in place of what its agent declares. The columns `access` and `images_per_…`
 * hold what counts.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  const column = (name: string, type: 'text' | 'bigint') =>
    db.schema.alterTable('services').addColumn(name, type).execute()
  await column('declared_terms', 'text')
  await column('owner_terms', 'text')
  await column('paused_at', 'bigint')
}
