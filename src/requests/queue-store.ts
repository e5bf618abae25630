import { sql } from 'kysely'
import type { Db, Trx } from '../db/database.ts'
import { keepQuery } from '../db/keep-query.ts'
import { costOf, type MeasuredService, type Work, workOfTask } from '../providers/image-cost.ts'
import { listMeasured } from '../providers/service-paces-store.ts'

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

/** Where images of one person wait. */
interface Place {
  userId: string
  model: string
  taskClass: number
}

/**
 * Virtual start times for more of a person's images among the waiting ones of a model and class, in tenths of a second of a
 * GPU: behind what the person's own will cost, level with the head of everybody else's. So the images of somebody who queues
 * 500 lie between those of the others, not before them, and large ones further apart than small ones.
 */
export async function nextOrderKeys(trx: Trx, place: Place, works: readonly Work[]): Promise<number[]> {
  const services = [...(await listMeasured(trx, place.model)).values()]
  let next = await findStart(trx, place, services)
  return works.map((work) => {
    const key = next
    next += costOf(services, work)
    return key
  })
}

async function findStart(trx: Trx, place: Place, services: readonly MeasuredService[]): Promise<number> {
  const { rows } = await listEnds(trx, place)
  const last = rows.find(({ is_own }) => is_own === 1)
  return last ? last.order_key + costOf(services, workOfTask(last)) : (rows[0]?.order_key ?? 0)
}

/** The last of the person's own waiting images there, and the first of anybody's. */
const listEnds = keepQuery((db, place: Place) => {
  const waiting = db
    .selectFrom('tasks')
    .select(['order_key', 'pixels', 'steps'])
    .where('state', '=', 'queued')
    .where('model', '=', place.model)
    .where('class', '=', place.taskClass)
    .limit(1)
  const own = waiting
    .select(sql<number>`1`.as('is_own'))
    .where('user_id', '=', place.userId)
    .orderBy('order_key', 'desc')
  const first = waiting.select(sql<number>`0`.as('is_own')).orderBy('order_key')
  return db
    .selectFrom(own.as('own'))
    .selectAll()
    .unionAll(db.selectFrom(first.as('first')).selectAll())
})
