import { sql, type SqlBool } from 'kysely'
import type { Db } from '../db/database.ts'
import type { TaskRow } from '../requests/task-store.ts'

/** `queue_lengths` counts the images of each order key, and those of ranges of this many order keys. */
const MANY_KEYS = 256

type Place = Pick<TaskRow, 'class' | 'order_key'>

/** How many images wait for each model that any wait for. */
export async function countQueuedByModel(db: Db): Promise<Map<string, number>> {
  const rows = await db
    .selectFrom('queue_lengths')
    .select((e) => ['model', e.fn.sum<number>('images').as('waiting')])
    .where('keys', '=', MANY_KEYS)
    .groupBy('model')
    .execute()
  return new Map(rows.map((row) => [row.model, Number(row.waiting)]))
}

/**
 * How many images of the same model go before each of these waiting tasks, by the task's id: those in the ranges of
 * order keys before its own, those with a lower key in its range, and those of its key that have waited for longer. So
 * of a long queue a few hundred rows are read, and once for all tasks whose places are near to each other.
 */
export async function countAhead(
  db: Db,
  model: string,
  tasks: readonly Pick<TaskRow, 'id' | 'class' | 'order_key' | 'queued_at'>[]
): Promise<Map<string, number>> {
  const ahead = new Map<string, number>()
  const last = [...tasks].sort(byPlace).at(-1)
  if (!last) return ahead
  const before = sumUp(await listRanges(db, { model, last }))
  const ranges = new Map(tasks.map((task) => [nameOf(rangeOf(task)), rangeOf(task)]))
  for (const [name, range] of ranges) {
    const within = sumUp(await listKeys(db, { model, range }))
    for (const task of tasks.filter((one) => nameOf(rangeOf(one)) === name)) {
      const same = within.at(task)
      const earlier = same > 1 ? await countEarlier(db, { model, task }) : 0
      ahead.set(task.id, before.before(range) + within.before(task) + earlier)
    }
  }
  return ahead
}

const byPlace = (a: Place, b: Place): number => a.class - b.class || a.order_key - b.order_key

/** The place at which the range begins that this place is in. */
const rangeOf = (place: Place): Place => ({
  class: place.class,
  order_key: Math.floor(place.order_key / MANY_KEYS) * MANY_KEYS
})

const nameOf = (place: Place): string => `${place.class} ${place.order_key}`

interface Length extends Place {
  images: number
}

/**
 * Tells of lengths, given in the order of their places, how many images wait at a place (`at`), and before it
 * (`before`).
 */
function sumUp(lengths: readonly Length[]) {
  let sum = 0
  const sums = lengths.map((length) => ({ ...length, before: (sum += length.images) - length.images }))
  return {
    at: (place: Place): number => lengths.find((length) => byPlace(length, place) === 0)?.images ?? 0,
    before: (place: Place): number => sums.find((length) => byPlace(length, place) >= 0)?.before ?? sum
  }
}

const lengthsOf = (db: Db, { keys, model }: { keys: number; model: string }) =>
  db
    .selectFrom('queue_lengths')
    .select(['class', 'first_key as order_key', 'images'])
    .where('keys', '=', keys)
    .where('model', '=', model)
    .orderBy('class')
    .orderBy('first_key')

/** The lengths of a model's ranges up to the one that `last` is in. */
const listRanges = (db: Db, { model, last }: { model: string; last: Place }): Promise<Length[]> =>
  lengthsOf(db, { keys: MANY_KEYS, model })
    .where(sql<SqlBool>`(class, first_key) <= (${last.class}, ${rangeOf(last).order_key})`)
    .execute()

/** The lengths of the single keys in one range. */
const listKeys = (db: Db, { model, range }: { model: string; range: Place }): Promise<Length[]> =>
  lengthsOf(db, { keys: 1, model })
    .where('class', '=', range.class)
    .where('first_key', '>=', range.order_key)
    .where('first_key', '<=', range.order_key + MANY_KEYS - 1)
    .execute()

/**
 * How many tasks of the same order key were queued before this one. They are few: but for retries, a person has one
 * task of a key.
 */
async function countEarlier(
  db: Db,
  { model, task }: { model: string; task: Place & Pick<TaskRow, 'queued_at'> }
): Promise<number> {
  const row = await db
    .selectFrom('tasks')
    .select((e) => e.fn.countAll<number>().as('tasks'))
    .where('state', '=', 'queued')
    .where('model', '=', model)
    .where('class', '=', task.class)
    .where('order_key', '=', task.order_key)
    .where('queued_at', '<', task.queued_at)
    .executeTakeFirst()
  return Number(row?.tasks ?? 0)
}
