import { sql, type Insertable, type Selectable } from 'kysely'
import type { Db, Trx } from '../db/database.ts'
import type { Tables } from '../db/tables.ts'
import { NODE_FAULTS } from '../protocol/messages.ts'
import type { ServiceAccess } from '../providers/provider-store.ts'
import { UNFINISHED } from './request-states.ts'

export type TaskRow = Selectable<Tables['tasks']>

export async function insertTasks(trx: Trx, rows: readonly Insertable<Tables['tasks']>[]): Promise<void> {
  await trx.insertInto('tasks').values(rows).execute()
}

export const findTask = (db: Db, id: string): Promise<TaskRow | undefined> =>
  db.selectFrom('tasks').selectAll().where('id', '=', id).executeTakeFirst()

/** In the order of the images. */
export const listTasks = (db: Db, requestId: string): Promise<TaskRow[]> =>
  db.selectFrom('tasks').selectAll().where('request_id', '=', requestId).orderBy('position').execute()

/** Tasks waiting or running, of one user or of all; counts no further than `most`. */
export async function countUnfinished(db: Db, filter: { userId?: string; most: number }): Promise<number> {
  const { userId, most } = filter
  const found = db
    .selectFrom('tasks')
    .select(sql.lit(1).as('one'))
    .where('state', 'in', UNFINISHED)
    .$if(userId !== undefined, (q) => q.where('user_id', '=', userId ?? ''))
    .limit(most)
  const row = await db
    .selectFrom(found.as('found'))
    .select((e) => e.fn.countAll<number>().as('tasks'))
    .executeTakeFirst()
  return Number(row?.tasks ?? 0)
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

export interface RunnableFilter {
  serviceId: string
  models: readonly string[]
  /** Values of `tasks.needs` that the service satisfies, by model. */
  needsOf: (model: string) => readonly string[]
  access: ServiceAccess
  ownerId: string
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

/** Per id of a task that has met a node fault, where. */
export async function listFailures(
  db: Db,
  tasks: readonly Pick<TaskRow, 'id' | 'node_faults'>[]
): Promise<Map<string, Failures>> {
  const failures = new Map<string, Failures>()
  const ids = tasks.filter((task) => task.node_faults > 0).map((task) => task.id)
  if (ids.length === 0) return failures
  const rows = await db
    .selectFrom('attempts')
    .select(['task_id', 'service_id', 'reason'])
    .distinct()
    .where('task_id', 'in', ids)
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
  await trx
    .updateTable('attempts')
    .set({ state: 'failed' })
    .where('task_id', '=', claim.taskId)
    .where('state', '=', 'lapsed')
    .execute()
  return true
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

/** Changes a task that nobody works on; false when it no longer waits. */
export async function changeWaiting(trx: Trx, taskId: string, change: TaskChange): Promise<boolean> {
  const { numUpdatedRows } = await trx
    .updateTable('tasks')
    .set(change)
    .where('id', '=', taskId)
    .where('state', '=', 'queued')
    .executeTakeFirst()
  return numUpdatedRows > 0n
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

/** Waiting tasks of the same model that go before this one. */
export async function countAhead(db: Db, task: TaskRow): Promise<number> {
  const row = await db
    .selectFrom('tasks')
    .select((e) => e.fn.countAll<number>().as('ahead'))
    .where('state', '=', 'queued')
    .where('model', '=', task.model)
    .where((e) =>
      e.or([
        e('class', '<', task.class),
        e.and([e('class', '=', task.class), e('order_key', '<', task.order_key)]),
        e.and([e('class', '=', task.class), e('order_key', '=', task.order_key), e('queued_at', '<', task.queued_at)])
      ])
    )
    .executeTakeFirst()
  return Number(row?.ahead ?? 0)
}
