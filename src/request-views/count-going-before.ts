import type { Db } from '../db/database.ts'
import type { TaskRow } from '../requests/task-store.ts'
import type { Takers } from './find-takers.ts'
import type { Room } from './find-room.ts'
import { byPlace, countAhead, listFirstOf, listHeldReady } from './queue-length-store.ts'

type Waiting = Pick<TaskRow, 'id' | 'user_id' | 'class' | 'order_key' | 'queued_at'>

/**
 * How many images of the same model go before each of these waiting tasks, by the task's id. Where only their own machines may make it,
 * that is none of others', for an owner goes first there. Images of people who may have nothing now of what may make it do not go
 * before it, unless they are held ready; before one that nobody may begin go all that are before it. It asks little more for any number of tasks to
 * which the same holds.
 */
export async function countGoingBefore(
  db: Db,
  { model, tasks, takers }: { model: string; tasks: readonly Waiting[]; takers: ReadonlyMap<string, Takers> }
): Promise<Map<string, number>> {
  const openTo = ({ id }: Waiting) => takers.get(id)?.open ?? []
  const isOwn = (task: Waiting) => openTo(task).length > 0 && openTo(task).every((one) => one.ownerId === task.user_id)
  const counts = new Map<string, number>()
  for (const [userId, own] of Map.groupBy(tasks.filter(isOwn), (task) => task.user_id)) {
    for (const [id, count] of await countAhead(db, model, own, [userId])) counts.set(id, count)
  }
  const others = tasks.filter((task) => !isOwn(task))
  for (const [id, count] of await countAhead(db, model, others)) counts.set(id, count)
  const heldBackOf = ({ id }: Waiting) => takers.get(id)?.heldBack ?? []
  for (const same of Map.groupBy(others, (task) => JSON.stringify(heldBackOf(task))).values()) {
    const userIds = same.slice(0, 1).flatMap(heldBackOf)
    if (userIds.length === 0) continue
    const heldBack = await countAhead(db, model, same, userIds)
    const ready = await listHeldReady(db, { model, userIds })
    for (const task of same) {
      const going = ready.filter(
        (one) => byPlace(one, task) < 0 || (byPlace(one, task) === 0 && one.queued_at < task.queued_at)
      )
      counts.set(task.id, (counts.get(task.id) ?? 0) - (heldBack.get(task.id) ?? 0) + going.length)
    }
  }
  return counts
}

/** Nobody is told how long it takes behind so many images of their own, where what is let to each is more than these. */
export const MOST_OWN_COUNTED = 1000

/**
 * How many images of the same person and model go before each of these waiting tasks, by the task's id, as far as these may use up what
 * the machines let each have: where they do not limit that, nothing is counted, and no further than that goes. Infinity of
 * `MOST_OWN_COUNTED` where that is less.
 */
export async function countOwnAhead(
  db: Db,
  {
    model,
    tasks,
    takers,
    room
  }: { model: string; tasks: readonly Waiting[]; takers: ReadonlyMap<string, Takers>; room: Room }
): Promise<Map<string, number>> {
  const counts = new Map<string, number>()
  for (const [userId, own] of Map.groupBy(tasks, (task) => task.user_id)) {
    const most = Math.max(0, ...own.map(({ id }) => room.shareOf(takers.get(id)?.open ?? [], userId)))
    if (most === 0 || most === Infinity) continue
    const first = await listFirstOf(db, { model, userId, most: Math.min(most, MOST_OWN_COUNTED) })
    for (const task of own) {
      const before = first.filter((one) => byPlace(one, task) < 0).length
      counts.set(task.id, before === MOST_OWN_COUNTED && before < most ? Infinity : before)
    }
  }
  return counts
}
