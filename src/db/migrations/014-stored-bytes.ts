import { type Kysely, sql } from 'kysely'

/** What the images of each person take, each object once, kept by the transactions that write and delete their rows. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('stored_bytes')
    .addColumn('owner_id', 'text', (c) => c.primaryKey())
    .addColumn('bytes', 'bigint', (c) => c.notNull())
    .execute()
  await sql`insert into stored_bytes (owner_id, bytes)
    select owner_id, sum(bytes) from (select distinct owner_id, storage_key, bytes from assets) as objects
    group by owner_id`.execute(db)
}
