import { sql } from 'kysely'
import type { Db } from '../db/database.ts'

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

/** The next place of one person among the waiting images of a model and class. */
export interface NextPlace {
  userId: string
  model: string
  taskClass: number
  /** What those will cost that the same statement queues before it. */
  ahead: number
}

/**
 * The virtual start time of one more of a person's images among the waiting ones of a model and class, in tenths of a second of a
 * GPU, as a value for the statement that queues it: behind what the person's own will cost, level with the head of everybody
 * else's. So the images of somebody who queues 500 lie between those of the others, not before them, and large ones further apart
 * than small ones.
 */
export function nextOrderKey({ userId, model, taskClass, ahead }: NextPlace) {
  const waiting = sql`from tasks where state = 'queued' and model = ${model} and class = ${taskClass}`
  return sql<number>`coalesce(
    (select order_key + cost ${waiting} and user_id = ${userId} order by order_key desc limit 1),
    (select order_key ${waiting} order by order_key limit 1),
    0
  ) + ${ahead}`
}
