import { type Kysely, sql } from 'kysely'

/** How failures were worded by the versions before this: of the owners' limits and of the club's for new machines. */
const WORDED = {
  capped: 'The owners of the machines that have this model let % have so many images within an hour, and %',
  new_here: 'The machines that have this model are new here: %'
}

/**
 * With what failed because nobody could begin it: why (`WaitReason`), and a JSON list of the ids of the providers that were held
 * back. Of failures before this the limits alone are known, by their words.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const table of ['requests', 'tasks']) {
    await db.schema.alterTable(table).addColumn('error_reason', 'text').execute()
    await db.schema.alterTable(table).addColumn('error_machines', 'text').execute()
  }
  for (const [reason, words] of Object.entries(WORDED)) {
    await sql`update requests set error_reason = ${reason}
      where state = 'failed' and error_code = 'upstream_busy' and error_message like ${words}`.execute(db)
  }
}
