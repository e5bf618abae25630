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
 * How many images of the same model are before each of these waiting tasks, by the task's id: those in the widest ranges of
 * order keys before its own, in it those in the narrower ones before its own, and those of its key that have waited for
 * longer. So of a long queue a few hundred rows are read, and once for all tasks whose places are near to each other.
 *
 * `userIds`: images of these people only. They are counted in an index, once for all tasks.
 */
export async function countAhead(
  db: Db,
  model: string,
  tasks: readonly Pick<TaskRow, 'id' | 'class' | 'order_key' | 'queued_at'>[],
  userIds?: readonly string[]
): Promise<Map<string, number>> {
  const ahead = new Map(tasks.map(({ id }) => [id, 0]))
  for (const [depth, keys] of RANGES.entries()) {
    const wider = RANGES[depth - 1]
    for (const near of Map.groupBy(tasks, (task) => (wider ? nameOf(rangeOf(task, wider)) : '')).values()) {
      const which = { model, keys, near, wider }
      const lengths = sumUp(await (userIds ? countLengths(db, { ...which, userIds }) : listLengths(db, which)))
      for (const task of near) {
        // Of its own key it is one itself, where it is counted.
        const others = lengths.at(task) - (userIds === undefined ? 1 : 0)
        const same = keys === 1 && others > 0 ? await countEarlier(db, { model, task, userIds }) : 0
        ahead.set(task.id, (ahead.get(task.id) ?? 0) + lengths.before(rangeOf(task, keys)) + same)
      }
    }
  }
  return ahead
}

export const byPlace = (a: Place, b: Place): number => a.class - b.class || a.order_key - b.order_key

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

interface WhichLengths {
  model: string
  keys: number
  near: readonly Place[]
  wider: number | undefined
}

const lastOf = (near: readonly Place[]): Place => near.toSorted(byPlace).at(-1) ?? { class: 0, order_key: 0 }

/**
 * The lengths of a model's ranges of so many keys up to the last of the tasks that are `near` to each other: all of them, or
 * those in the `wider` range that the tasks are in.
 */
function listLengths(db: Db, { model, keys, near, wider }: WhichLengths): Promise<Length[]> {
  const last = lastOf(near)
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

/** The same of the images of some people, counted. */
async function countLengths(
  db: Db,
  { model, keys, near, wider, userIds }: WhichLengths & { userIds: readonly string[] }
): Promise<Length[]> {
  const last = lastOf(near)
  const bits = sql.raw(String(Math.log2(keys)))
  const within = wider && sql`and class = ${last.class} and order_key >= ${rangeOf(last, wider).order_key}`
  const { rows } = await sql<Length>`
    select class, (order_key >> ${bits}) << ${bits} as order_key, count(*) as images
    -- Else it would read each row of the queue for whose it is.
    from tasks indexed by tasks_by_user
    where user_id in (${sql.join(userIds)}) and state = 'queued' and model = ${model}
      and (class, order_key) <= (${last.class}, ${last.order_key}) ${within ?? sql``}
    group by 1, 2 order by 1, 2`.execute(db)
  return rows
}

/**
 * How many tasks of the same order key were queued before this one. They are few: but for retries, a person has one
 * task of a key.
 */
async function countEarlier(
  db: Db,
  {
    model,
    task,
    userIds
  }: { model: string; task: Place & Pick<TaskRow, 'queued_at'>; userIds: readonly string[] | undefined }
): Promise<number> {
  const row = await db
    .selectFrom('tasks')
    .select((e) => e.fn.countAll<number>().as('tasks'))
    .where('state', '=', 'queued')
    .where('model', '=', model)
    .where('class', '=', task.class)
    .where('order_key', '=', task.order_key)
    .where('queued_at', '<', task.queued_at)
    .$if(userIds !== undefined, (q) => q.where('user_id', 'in', userIds ?? []))
    .executeTakeFirst()
  return Number(row?.tasks ?? 0)
}

/** Of images for a model that some people wait for and that services hold ready: their places. There are few. */
export const listHeldReady = (
  db: Db,
  { model, userIds }: { model: string; userIds: readonly string[] }
): Promise<(Place & Pick<TaskRow, 'queued_at' | 'user_id'>)[]> =>
  db
    .selectFrom('attempts')
    .innerJoin('tasks', 'tasks.id', 'attempts.task_id')
    .select(['tasks.class', 'tasks.order_key', 'tasks.queued_at', 'tasks.user_id'])
    .where('attempts.state', '=', 'standby')
    .whereRef('tasks.current_attempt_id', '=', 'attempts.id')
    .where('tasks.model', '=', model)
    .where('tasks.user_id', 'in', userIds)
    .execute()

/** The first images for a model that somebody waits for, `most` of them, in the order of their places. */
export const listFirstOf = (
  db: Db,
  { model, userId, most }: { model: string; userId: string; most: number }
): Promise<(Place & Pick<TaskRow, 'id'>)[]> =>
  db
    .selectFrom('tasks')
    .select(['id', 'class', 'order_key'])
    .where('user_id', '=', userId)
    .where('state', '=', 'queued')
    .where('model', '=', model)
    .orderBy('class')
    .orderBy('order_key')
    .limit(most)
    .execute()
