import { sql, type SqlBool } from 'kysely'
import type { Db } from '../db/database.ts'
import { walkModels } from './request-search-store.ts'

/** Whose: one person's, or everybody's. */
interface Whose {
  userId?: string | undefined
}

const tasksWaiting = (db: Db, { userId }: Whose) =>
  db
    .selectFrom('tasks')
    .where('tasks.state', '=', 'queued')
    .$if(userId !== undefined, (q) => q.where('tasks.user_id', '=', userId ?? ''))

/** Models that something waits for. Reads one row of the index for each, however much waits. */
export const listModelsWanted = (db: Db, whose: Whose): Promise<string[]> =>
  walkModels((after) =>
    tasksWaiting(db, whose).select('model').where('model', '>', after).orderBy('model').limit(1).executeTakeFirst()
  )

/**
 * Ids of requests for a model of which no image has been begun, in the order of their turn, which is that of their
 * first waiting image.
 */
export async function listNextIds(db: Db, filter: Whose & { model: string; limit: number }): Promise<string[]> {
  const rows = await tasksWaiting(db, filter)
    .innerJoin('requests', 'requests.id', 'tasks.request_id')
    .select('tasks.request_id')
    .where('tasks.model', '=', filter.model)
    .where('requests.state', '=', 'queued')
    .where(
      sql<SqlBool>`not exists (
        select 1 from tasks as earlier
        where earlier.request_id = tasks.request_id and earlier.position < tasks.position and earlier.state = 'queued')`
    )
    .orderBy('tasks.class')
    .orderBy('tasks.order_key')
    .orderBy('tasks.queued_at')
    .limit(filter.limit)
    .execute()
  return rows.map((row) => row.request_id)
}

/** Ids of requests of which an image has been begun, the oldest request first. */
export async function listRunningIds(db: Db, { userId, limit }: Whose & { limit: number }): Promise<string[]> {
  const rows = await db
    .selectFrom('requests')
    .select('id')
    .where('state', '=', 'running')
    .$if(userId !== undefined, (q) => q.where('user_id', '=', userId ?? ''))
    .orderBy('created_at')
    .orderBy('id')
    .limit(limit)
    .execute()
  return rows.map((row) => row.id)
}
