import type { Kysely } from 'kysely'

/**
 * Of how many images in a row, measured by the million pixels and by the step, a service told no steps of its own: when there are
 * enough, how far an image is may be estimated from how long they took.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const column of ['megapixel_silent', 'step_silent']) {
    await db.schema
      .alterTable('service_paces')
      .addColumn(column, 'integer', (c) => c.notNull().defaultTo(0))
      .execute()
  }
}
