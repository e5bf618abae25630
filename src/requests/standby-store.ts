import type { Db, Trx } from '../db/database.ts'
import { isStillOpen, type OpenService } from '../providers/claim-grounds-store.ts'
import { HELD } from './request-states.ts'
import {
  type AskedImage,
  askedColumns,
  type ChangedTask,
  changeFenced,
  isDue,
  takesWork,
  type TaskClaim,
  type TaskRow
} from './task-store.ts'

/**
 * Has a waiting task held ready for an attempt; undefined when somebody has it, or may still bring it, and where `takeTask` takes
 * none. It goes on waiting: whoever is idle takes it as before.
 */
export const holdTask = (trx: Trx, claim: TaskClaim, seen?: OpenService): Promise<AskedImage | undefined> =>
  trx
    .updateTable('tasks')
    .set({ current_attempt_id: claim.attemptId, held: HELD.ready })
    .where('id', '=', claim.taskId)
    .where('state', '=', 'queued')
    .where('current_attempt_id', 'is', null)
    .where(takesWork(claim))
    .where(isDue(claim))
    .$if(seen !== undefined, (q) => q.where(isStillOpen(seen as OpenService, claim.now)))
    .returning(askedColumns)
    .executeTakeFirst()

/**
 * Has the attempt that holds a task ready run it, or keep it from others (`isAhead`); false when it no longer holds it, or its
 * provider takes no work.
 */
export async function startHeldTask(
  trx: Trx,
  claim: Pick<TaskClaim, 'taskId' | 'attemptId' | 'providerId' | 'epoch'>,
  isAhead: boolean
): Promise<boolean> {
  const { numUpdatedRows } = await trx
    .updateTable('tasks')
    .set(isAhead ? { held: HELD.ahead } : { state: 'running', held: 0 })
    .where('id', '=', claim.taskId)
    .where('state', '=', 'queued')
    .where('current_attempt_id', '=', claim.attemptId)
    .where(takesWork(claim))
    .executeTakeFirst()
  return numUpdatedRows > 0n
}

/** Lets the attempt that holds a task ready go, as if it had never been; undefined when it no longer holds it. */
export async function releaseHeldTask(
  trx: Trx,
  fence: { taskId: string; attemptId: string }
): Promise<ChangedTask | undefined> {
  const task = await changeFenced(trx, fence, { current_attempt_id: null, held: 0 })
  if (task) await trx.deleteFrom('attempts').where('id', '=', fence.attemptId).where('state', '=', 'standby').execute()
  return task
}

/** The services that hold any of these tasks ready, by the task's id. It asks nothing where none is held. */
export async function findHolders(
  db: Db,
  tasks: readonly Pick<TaskRow, 'id' | 'held' | 'current_attempt_id'>[]
): Promise<ReadonlyMap<string, string>> {
  const held = tasks.flatMap((task) => (task.held > 0 && task.current_attempt_id ? [task.current_attempt_id] : []))
  if (held.length === 0) return new Map()
  const rows = await db
    .selectFrom('attempts')
    .select(['task_id', 'service_id'])
    .where('id', 'in', held)
    .where('state', '=', 'standby')
    .execute()
  return new Map(rows.map(({ task_id, service_id }) => [task_id, service_id]))
}
