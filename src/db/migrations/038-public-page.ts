import { type Kysely, sql } from 'kysely'

/** For the page of public pictures: their requests by when they ended, whatever else there is. */
export async function up(db: Kysely<unknown>): Promise<void> {
  const columns = sql`(visibility, state, finished_at, id)`
  await sql`create index requests_public on requests ${columns} where visibility = 'PUBLIC'`.execute(db)
}
