import { sql, type SqlBool } from 'kysely'
import type { Db } from '../db/database.ts'
import type { Lane } from './runnable-store.ts'
import type { TaskRow } from './task-store.ts'

/**
 * Each model that any image waits for, with when its oldest began to. Jumps from one model to the next in the index
 * `tasks_waiting_since`: the cost grows with the models, not with the queues.
 */
const waitedFor = sql`
  with recursive waiting(model) as (
    select min(model) from tasks where state = 'queued'
    union all
    select (select min(model) from tasks where state = 'queued' and model > waiting.model)
    from waiting where waiting.model is not null
  ),
  oldest as (
    select model, (
      select queued_at from tasks where state = 'queued' and tasks.model = waiting.model order by queued_at limit 1
    ) as since
    from waiting where model is not null
  )`

/** Models for which something has waited since before then. */
export async function listModelsWaitedFor(db: Db, before: number): Promise<string[]> {
  const { rows } = await sql<{ model: string }>`
    ${waitedFor} select model from oldest where since < ${before} order by model`.execute(db)
  return rows.map(({ model }) => model)
}

/** When the image that waits longest began to; undefined when none waits. */
export async function findOldestWaiting(db: Db): Promise<number | undefined> {
  const { rows } = await sql<{ since: number }>`
    ${waitedFor} select since from oldest order by since limit 1`.execute(db)
  return rows[0]?.since
}

type Place = Pick<TaskRow, 'order_key' | 'queued_at' | 'id'>

/** Waiting tasks of a lane queued before then, in the order of the lane; the next page comes after the last one. */
export const listWaiting = (
  db: Db,
  { lane, before, after, limit }: { lane: Lane; before: number; after: Place | undefined; limit: number }
): Promise<TaskRow[]> =>
  db
    .selectFrom('tasks')
    .selectAll()
    .where('state', '=', 'queued')
    .where('model', '=', lane.model)
    .where('user_id', '=', lane.user_id)
    .where('class', '=', lane.class)
    .where('needs', '=', lane.needs)
    .where('routing', '=', lane.routing)
    .where('node_faults', '=', lane.node_faults)
    .where('refusals', '=', lane.refusals)
    .where('held', '=', lane.held)
    // Not as a range: SQLite would read all that have waited for so long, of whichever lane.
    .where(sql<SqlBool>`+queued_at < ${before}`)
    .$if(after !== undefined, (q) =>
      q.where(sql<SqlBool>`(order_key, queued_at, id) > (${after?.order_key}, ${after?.queued_at}, ${after?.id})`)
    )
    .orderBy('order_key')
    .orderBy('queued_at')
    .orderBy('id')
    .limit(limit)
    .execute()
