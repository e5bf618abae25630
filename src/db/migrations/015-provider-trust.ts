import { type Kysely, sql } from 'kysely'

/** How far providers are trusted, what they have shown that they can do, and requests that wait for a second opinion. */
export async function up(db: Kysely<unknown>): Promise<void> {
  // What is there already has served everybody so far, and goes on.
  await db.schema
    .alterTable('providers')
    .addColumn('trust', 'text', (c) => c.notNull().defaultTo('trusted'))
    .execute()
  // Since when it is so; 0: since before it was asked.
  await db.schema
    .alterTable('providers')
    .addColumn('trust_since', 'bigint', (c) => c.notNull().defaultTo(0))
    .execute()
  // Whose decision it was, or on whose it rests; null: nobody's.
  await db.schema.alterTable('providers').addColumn('trust_by', 'text').execute()
  // Delivered to others since it was let in.
  await db.schema
    .alterTable('providers')
    .addColumn('trust_images', 'integer', (c) => c.notNull().defaultTo(0))
    .execute()

  // The most images it had in the works when it delivered one.
  await db.schema
    .alterTable('services')
    .addColumn('proven_places', 'integer', (c) => c.notNull().defaultTo(0))
    .execute()
  await sql`update services set proven_places = concurrency`.execute(db)
  // From assignment to delivery, for a million pixels; the latest count most.
  await db.schema.alterTable('services').addColumn('pace_ms', 'real').execute()

  // How often its image was refused as the fault of what was asked, which somebody else may see differently.
  await db.schema
    .alterTable('tasks')
    .addColumn('refusals', 'integer', (c) => c.notNull().defaultTo(0))
    .execute()
}
