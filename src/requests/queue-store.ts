import { sql, type RawBuilder, type SqlBool } from 'kysely'
import type { Db, Trx } from '../db/database.ts'
import { UNFINISHED } from './request-states.ts'
import type { TaskRow } from './task-store.ts'

/** Tasks waiting or running, of one user or of all. */
export async function countUnfinished(db: Db, userId?: string): Promise<number> {
  const row = await db
    .selectFrom('tasks')
    .select((e) => e.fn.countAll<number>().as('tasks'))
    .where('state', 'in', UNFINISHED)
    .$if(userId !== undefined, (q) => q.where('user_id', '=', userId ?? ''))
    .executeTakeFirst()
  return Number(row?.tasks ?? 0)
}

/**
 * Ids of requests with images running or waiting, of one person or of everybody: those running first, then those nearest
 * to their turn for a model. Looks at so many images at most, so that its cost does not grow with the queue.
 */
export async function listUnfinishedIds(
  db: Db,
  filter: { userId?: string | undefined; images: number }
): Promise<string[]> {
  const { userId, images } = filter
  const inState = (state: 'queued' | 'running', limit: number) =>
    db
      .selectFrom('tasks')
      .select('request_id')
      .where('state', '=', state)
      .$if(userId !== undefined, (q) => q.where('user_id', '=', userId ?? ''))
      .orderBy('model')
      .orderBy('class')
      .orderBy('order_key')
      .limit(limit)
      .execute()
  const running = await inState('running', images)
  const waiting = running.length < images ? await inState('queued', images - running.length) : []
  return [...new Set([...running, ...waiting].map((task) => task.request_id))]
}

/**
 * The user's virtual start time among the waiting tasks of a model and class: behind the user's own, level with the
 * head of everybody else's. So the tasks of somebody who queues 500 lie between those of the others, not before them.
 */
export async function nextOrderKey(
  trx: Trx,
  place: { userId: string; model: string; taskClass: number }
): Promise<number> {
  const waiting = trx
    .selectFrom('tasks')
    .where('state', '=', 'queued')
    .where('model', '=', place.model)
    .where('class', '=', place.taskClass)
  const own = await waiting
    .where('user_id', '=', place.userId)
    .select((e) => e.fn.max('order_key').as('last'))
    .executeTakeFirst()
  if (own?.last !== null && own?.last !== undefined) return own.last + 1
  const all = await waiting.select((e) => e.fn.min('order_key').as('first')).executeTakeFirst()
  return all?.first ?? 0
}

/**
 * Per id of these waiting tasks of one model, how many of that model go before it. The queue is read once for all of
 * them, as far as the last one.
 */
export async function countAhead(db: Db, model: string, tasks: readonly TaskRow[]): Promise<Map<string, number>> {
  const ahead = new Map<string, number>()
  let counted = 0
  let before: TaskRow | undefined
  for (const task of [...tasks].sort(byTurn)) {
    const row = await db
      .selectFrom('tasks')
      .select((e) => e.fn.countAll<number>().as('tasks'))
      .where('state', '=', 'queued')
      .where('model', '=', model)
      .$if(before !== undefined, (q) => (before ? q.where(turnOf('>=', before)) : q))
      .where(turnOf('<', task))
      .executeTakeFirst()
    counted += Number(row?.tasks ?? 0)
    ahead.set(task.id, counted)
    before = task
  }
  return ahead
}

const turnOf = (is: '<' | '>=', task: TaskRow): RawBuilder<SqlBool> =>
  sql<SqlBool>`(class, order_key, queued_at) ${sql.raw(is)} (${task.class}, ${task.order_key}, ${task.queued_at})`

/** The order in which tasks of one model are handed out, but for the fairness between users. */
const byTurn = (a: TaskRow, b: TaskRow): number =>
  a.class - b.class || a.order_key - b.order_key || a.queued_at - b.queued_at
