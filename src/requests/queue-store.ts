import type { Db, Trx } from '../db/database.ts'

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
