import { type Kysely, sql } from 'kysely'

/** Requests that will tell somebody of their end are counted with each that is added: without a look at those that will not. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`create index requests_with_webhook on requests (user_id, state) where webhook_url is not null`.execute(db)
}
