import { type Kysely, sql } from 'kysely'

/**
 * What failed because a limit of an hour was reached (`LimitReason`) is told apart from faults, and there may be very much more of the
 * one than of the other: each has an index of its own, from which the newest are read without a look at any of the others.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema.dropIndex('requests_failed').execute()
  // The state is the same in all of them: without it the planner prefers the index of all states.
  const columns = sql`(state, finished_at, id)`
  const reason = sql`coalesce(error_reason, '')`
  for (const [name, isIn] of [
    ['requests_faulty', sql`not in`],
    ['requests_limited', sql`in`]
  ] as const) {
    await sql`create index ${sql.id(name)} on requests ${columns}
      where state = 'failed' and ${reason} ${isIn} ('capped', 'new_here')`.execute(db)
  }
}
