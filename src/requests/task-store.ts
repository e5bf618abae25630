import { sql, type Insertable, type Selectable } from 'kysely'
import type { Db, Trx } from '../db/database.ts'
import type { Tables } from '../db/tables.ts'
import { NODE_FAULTS } from '../protocol/messages.ts'
import type { ServiceAccess } from '../providers/provider-store.ts'
import type { Capped } from './service-caps.ts'
import { UNFINISHED } from './request-states.ts'

export type TaskRow = Selectable<Tables['tasks']>

export async function insertTasks(trx: Trx, rows: readonly Insertable<Tables['tasks']>[]): Promise<void> {
  await trx.insertInto('tasks').values(rows).execute()
}

export const findTask = (db: Db, id: string): Promise<TaskRow | undefined> =>
  db.selectFrom('tasks').selectAll().where('id', '=', id).executeTakeFirst()

/** Of one request or of several, each one's in the order of its images. */
export const listTasks = (db: Db, ...requestIds: string[]): Promise<TaskRow[]> =>
  db.selectFrom('tasks').selectAll().where('request_id', 'in', requestIds).orderBy('position').execute()

export interface RunnableFilter {
  serviceId: string
  models: readonly string[]
  /** Values of `tasks.needs` that the service satisfies, by model. */
  needsOf: (model: string) => readonly string[]
  access: ServiceAccess
  ownerId: string
  /** Who may not have an image of it now. */
  capped?: Capped
  /** Tasks of this class or a less urgent one. */
  fromClass: number
  limit: number
}

/**
 * The heads of the queues a service can work on, most urgent first, at most `limit` of each model. Tasks that ran into
 * their timeout on this very service are left out.
 */
export async function listRunnable(db: Db, filter: RunnableFilter): Promise<TaskRow[]> {
  const heads: TaskRow[] = []
  const guests = Array.isArray(filter.access) ? filter.access.map((address) => address.toLowerCase()) : []
  for (const model of filter.models) {
    const needs = filter.needsOf(model)
    if (needs.length === 0) continue
    const rows = await db
      .selectFrom('tasks')
      .selectAll()
      .where('state', '=', 'queued')
      .where('model', '=', model)
      .where('needs', 'in', needs)
      .where('class', '>=', filter.fromClass)
      .$if(filter.capped?.others === true, (q) => q.where('user_id', '=', filter.ownerId))
      .$if((filter.capped?.userIds.length ?? 0) > 0, (q) => q.where('user_id', 'not in', filter.capped?.userIds ?? []))
      .where((e) => e.or([e('routing', '!=', 'only_own'), e('user_id', '=', filter.ownerId)]))
      .$if(filter.access !== 'members', (q) =>
        q.where((e) => {
          const owner = e('user_id', '=', filter.ownerId)
          const invited = e.selectFrom('users').select('users.id').where('users.email', 'in', guests)
          return guests.length === 0 ? owner : e.or([owner, e('user_id', 'in', invited)])
        })
      )
      .where((e) =>
        e.or([
          e('node_faults', '=', 0),
          e.not(
            e.exists(
              e
                .selectFrom('attempts')
                .select(sql.lit(1).as('one'))
                .whereRef('attempts.task_id', '=', 'tasks.id')
                .whereRef('attempts.assigned_at', '>=', 'tasks.queued_at')
                .where('attempts.service_id', '=', filter.serviceId)
                .where('attempts.reason', '=', 'timeout')
            )
          )
        ])
      )
      .orderBy('class')
      .orderBy('order_key')
      .orderBy('queued_at')
      .limit(filter.limit)
      .execute()
    heads.push(...rows)
  }
  return heads
}

export interface Failures {
  /** Services on which an attempt ended in a node fault. */
  failedOn: string[]
  /** Those among them where that was its timeout: the task is not sent there again. */
  timedOutOn: string[]
}

/** Per id of a task that has met a node fault since it was queued, where. */
export async function listFailures(
  db: Db,
  tasks: readonly Pick<TaskRow, 'id' | 'node_faults'>[]
): Promise<Map<string, Failures>> {
  const failures = new Map<string, Failures>()
  const ids = tasks.filter((task) => task.node_faults > 0).map((task) => task.id)
  if (ids.length === 0) return failures
  const rows = await db
    .selectFrom('attempts')
    .innerJoin('tasks', 'tasks.id', 'attempts.task_id')
    .select(['task_id', 'service_id', 'reason'])
    .distinct()
    .where('task_id', 'in', ids)
    .whereRef('attempts.assigned_at', '>=', 'tasks.queued_at')
    .where('reason', 'in', NODE_FAULTS)
    .execute()
  for (const { task_id, service_id, reason } of rows) {
    const { failedOn, timedOutOn } = failures.get(task_id) ?? { failedOn: [], timedOutOn: [] }
    failures.set(task_id, {
      failedOn: [...failedOn, service_id],
      timedOutOn: reason === 'timeout' ? [...timedOutOn, service_id] : timedOutOn
    })
  }
  return failures
}

/** The addresses of these users, by user id. */
export async function listEmails(db: Db, userIds: readonly string[]): Promise<Map<string, string>> {
  const rows = await db.selectFrom('users').select(['id', 'email']).where('id', 'in', userIds).execute()
  return new Map(rows.map((row) => [row.id, row.email]))
}

/**
 * Takes a waiting task for an attempt; false when another was quicker or the provider has been taken over. From here on
 * the late result of an earlier attempt whose lease lapsed is not wanted any more.
 */
export async function takeTask(
  trx: Trx,
  claim: { taskId: string; attemptId: string; providerId: string; epoch: number }
): Promise<boolean> {
  const { numUpdatedRows } = await trx
    .updateTable('tasks')
    .set({ state: 'running', current_attempt_id: claim.attemptId })
    .where('id', '=', claim.taskId)
    .where('state', '=', 'queued')
    .where((e) =>
      e.exists(
        e
          .selectFrom('providers')
          .select('providers.id')
          .where('providers.id', '=', claim.providerId)
          .where('providers.epoch', '=', claim.epoch)
      )
    )
    .executeTakeFirst()
  if (numUpdatedRows === 0n) return false
  await endLapsed(trx, claim.taskId)
  return true
}

async function endLapsed(trx: Trx, taskId: string): Promise<void> {
  await trx
    .updateTable('attempts')
    .set({ state: 'failed' })
    .where('task_id', '=', taskId)
    .where('state', '=', 'lapsed')
    .execute()
}

type TaskChange = Partial<Omit<TaskRow, 'id' | 'request_id'>>

/** Every write of an attempt's outcome goes through this fence: it changes the task only while it is that attempt's. */
export async function changeFenced(
  trx: Trx,
  fence: { taskId: string; attemptId: string },
  change: TaskChange
): Promise<boolean> {
  const { numUpdatedRows } = await trx
    .updateTable('tasks')
    .set(change)
    .where('id', '=', fence.taskId)
    .where('current_attempt_id', '=', fence.attemptId)
    .where('state', 'in', UNFINISHED)
    .executeTakeFirst()
  return numUpdatedRows > 0n
}

export async function cancelTasks(trx: Trx, requestId: string, now: number): Promise<void> {
  await trx
    .updateTable('tasks')
    .set({ state: 'canceled', finished_at: now, current_attempt_id: null })
    .where('request_id', '=', requestId)
    .where('state', 'in', UNFINISHED)
    .execute()
}

/** Models for which something has waited since before then. */
export async function listModelsWaitedFor(db: Db, before: number): Promise<string[]> {
  const rows = await db
    .selectFrom('tasks')
    .select('model')
    .distinct()
    .where('state', '=', 'queued')
    .where('queued_at', '<', before)
    .execute()
  return rows.map((row) => row.model)
}

/** Waiting tasks of a model queued before then. */
export const listWaiting = (db: Db, filter: { model: string; before: number; limit: number }): Promise<TaskRow[]> =>
  db
    .selectFrom('tasks')
    .selectAll()
    .where('state', '=', 'queued')
    .where('model', '=', filter.model)
    .where('queued_at', '<', filter.before)
    .limit(filter.limit)
    .execute()

/** Fails a task that nobody works on; false when it no longer waits. The late result of a lapsed attempt is too late. */
export async function failWaiting(
  trx: Trx,
  taskId: string,
  failure: Pick<TaskRow, 'finished_at' | 'error_code' | 'error_message'>
): Promise<boolean> {
  const { numUpdatedRows } = await trx
    .updateTable('tasks')
    .set({ ...failure, state: 'failed', current_attempt_id: null })
    .where('id', '=', taskId)
    .where('state', '=', 'queued')
    .executeTakeFirst()
  if (numUpdatedRows === 0n) return false
  await endLapsed(trx, taskId)
  return true
}

export async function countTasksByState(db: Db): Promise<Map<string, number>> {
  const rows = await db
    .selectFrom('tasks')
    .select((e) => ['state', e.fn.countAll<number>().as('tasks')])
    .where('state', 'in', UNFINISHED)
    .groupBy('state')
    .execute()
  return new Map(rows.map((row) => [row.state, Number(row.tasks)]))
}

export async function countQueuedByModel(db: Db): Promise<Map<string, number>> {
  const rows = await db
    .selectFrom('tasks')
    .select((e) => ['model', e.fn.countAll<number>().as('waiting')])
    .where('state', '=', 'queued')
    .groupBy('model')
    .execute()
  return new Map(rows.map((row) => [row.model, Number(row.waiting)]))
}

/** Puts a task that failed or was canceled back into the queue, as if it had never been tried. */
export async function reopenTask(
  trx: Trx,
  id: string,
  place: Pick<TaskRow, 'class' | 'order_key' | 'queued_at'>
): Promise<void> {
  await trx
    .updateTable('tasks')
    .set({
      ...place,
      state: 'queued',
      current_attempt_id: null,
      node_faults: 0,
      losses: 0,
      error_code: null,
      error_message: null,
      finished_at: null
    })
    .where('id', '=', id)
    .where('state', 'in', ['failed', 'canceled'])
    .execute()
}
