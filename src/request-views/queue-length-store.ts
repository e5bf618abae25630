import { sql, type SqlBool } from 'kysely'
import type { Db } from '../db/database.ts'
import type { TaskRow } from '../requests/task-store.ts'

/** `queue_lengths` counts the images of ranges of so many order keys, the widest first. */
const RANGES = [65_536, 256, 1] as const
const WIDEST = RANGES[0]

type Place = Pick<TaskRow, 'class' | 'order_key'>

/** How many images wait for each model that any wait for. */
export async function countQueuedByModel(db: Db): Promise<Map<string, number>> {
  const rows = await db
    .selectFrom('queue_lengths')
    .select((e) => ['model', e.fn.sum<number>('images').as('waiting')])
    .where('keys', '=', WIDEST)
    .groupBy('model')
    .execute()
  return new Map(rows.map((row) => [row.model, Number(row.waiting)]))
}

/**
 * How many images of the same model go before each of these waiting tasks, by the task's id: those in the widest ranges of
 * order keys before its own, in it those in the narrower ones before its own, and those of its key that have waited for
 * longer. So of a long queue a few hundred rows are read, and once for all tasks whose places are near to each other.
 */
export async function countAhead(
  db: Db,
  model: string,
  tasks: readonly Pick<TaskRow, 'id' | 'class' | 'order_key' | 'queued_at'>[]
): Promise<Map<string, number>> {
  const ahead = new Map(tasks.map(({ id }) => [id, 0]))
  for (const [depth, keys] of RANGES.entries()) {
    const wider = RANGES[depth - 1]
    for (const near of Map.groupBy(tasks, (task) => (wider ? nameOf(rangeOf(task, wider)) : '')).values()) {
      const lengths = sumUp(await listLengths(db, { model, keys, near, wider }))
      for (const task of near) {
        const same = keys === 1 && lengths.at(task) > 1 ? await countEarlier(db, { model, task }) : 0
        ahead.set(task.id, (ahead.get(task.id) ?? 0) + lengths.before(rangeOf(task, keys)) + same)
      }
    }
  }
  return ahead
}

const byPlace = (a: Place, b: Place): number => a.class - b.class || a.order_key - b.order_key

/** The place at which the range of so many keys begins that this place is in. */
const rangeOf = (place: Place, keys: number): Place => ({
  class: place.class,
  order_key: Math.floor(place.order_key / keys) * keys
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

/**
 * The lengths of a model's ranges of so many keys up to the last of the tasks that are `near` to each other: all of them, or
 * those in the `wider` range that the tasks are in.
 */
function listLengths(
  db: Db,
  { model, keys, near, wider }: { model: string; keys: number; near: readonly Place[]; wider: number | undefined }
): Promise<Length[]> {
  const last = near.toSorted(byPlace).at(-1) ?? { class: 0, order_key: 0 }
  return db
    .selectFrom('queue_lengths')
    .select(['class', 'first_key as order_key', 'images'])
    .where('keys', '=', keys)
    .where('model', '=', model)
    .where(sql<SqlBool>`(class, first_key) <= (${last.class}, ${last.order_key})`)
    .$if(wider !== undefined, (q) =>
      q.where('class', '=', last.class).where('first_key', '>=', rangeOf(last, wider ?? 1).order_key)
    )
    .orderBy('class')
    .orderBy('first_key')
    .execute()
}

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
