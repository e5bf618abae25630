import type { ExpressionBuilder, Insertable, RawBuilder, Selectable } from 'kysely'
import type { Db, Trx } from '../db/database.ts'
import { keepQuery } from '../db/keep-query.ts'
import type { Tables } from '../db/tables.ts'
import { isStillOpen, type OpenService } from '../providers/claim-grounds-store.ts'
import { REQUEST_FAULTS } from '../protocol/messages.ts'
import { forgetStandby } from './attempt-store.ts'
import { HELD, NODE_REASONS, UNFINISHED } from './request-states.ts'
import { type NextPlace, nextOrderKey } from './queue-store.ts'
import { isRequestFault, isSpending, type Machine } from './retry-policy.ts'
import type { UnbegunColumns } from './unbegun.ts'

export type TaskRow = Selectable<Tables['tasks']>

type NewTask = Insertable<Tables['tasks']>
/** One that is written with its place in the queue, or is to get the next one there. */
type QueuedTask = Omit<NewTask, 'order_key'> & { order_key: number | NextPlace }

export async function insertTasks(trx: Trx, rows: readonly QueuedTask[]): Promise<void> {
  await insertRows(trx, rows)
}

const insertRows = keepQuery((trx, rows: readonly QueuedTask[]) =>
  trx.insertInto('tasks').values(
    rows.map(({ order_key: key, ...row }) => ({
      ...row,
      order_key: typeof key === 'object' && 'ahead' in key ? nextOrderKey(key) : key
    }))
  )
)

export const findTask = (db: Db, id: string): Promise<TaskRow | undefined> =>
  db.selectFrom('tasks').selectAll().where('id', '=', id).executeTakeFirst()

/** The tasks of these requests, those of each request in the order of its images. */
export const listTasks = (db: Db, ...requestIds: string[]): Promise<TaskRow[]> =>
  db.selectFrom('tasks').selectAll().where('request_id', 'in', requestIds).orderBy('position').execute()

export interface Failures {
  /** Services on which an attempt ended in a node fault. */
  failedOn: string[]
  /** Those among them that did the work in vain: the task is not sent there again. */
  spentOn: string[]
  /** Those who said that the request is at fault. */
  refusedBy: Machine[]
}

/**
 * Where tasks have met a node fault or a refusal since they were queued, by the task's id; those that have met neither
 * are missing.
 */
export async function listFailures(
  db: Db,
  tasks: readonly Pick<TaskRow, 'id' | 'node_faults' | 'refusals'>[]
): Promise<Map<string, Failures>> {
  const failures = new Map<string, Failures>()
  const ids = tasks.filter((task) => task.node_faults > 0 || task.refusals > 0).map((task) => task.id)
  if (ids.length === 0) return failures
  const rows = await db
    .selectFrom('attempts')
    .innerJoin('tasks', 'tasks.id', 'attempts.task_id')
    .innerJoin('providers', 'providers.id', 'attempts.provider_id')
    .select(['task_id', 'service_id', 'reason', 'attempts.provider_id', 'providers.owner_id'])
    .distinct()
    .where('task_id', 'in', ids)
    .whereRef('attempts.assigned_at', '>=', 'tasks.queued_at')
    .where('reason', 'in', [...NODE_REASONS, ...REQUEST_FAULTS])
    .execute()
  for (const { task_id, service_id, reason, provider_id, owner_id } of rows) {
    const met = failures.get(task_id) ?? { failedOn: [], spentOn: [], refusedBy: [] }
    failures.set(task_id, met)
    if (isRequestFault(reason)) {
      met.refusedBy.push({ serviceId: service_id, providerId: provider_id, ownerId: owner_id })
    } else {
      met.failedOn.push(service_id)
      if (isSpending(reason)) met.spentOn.push(service_id)
    }
  }
  return failures
}

/** A waiting task that is wanted for an attempt. */
export interface TaskClaim {
  taskId: string
  attemptId: string
  serviceId: string
  providerId: string
  epoch: number
  now: number
}

/** Whether the provider has not been taken over by a newer connection, nor been drained. */
export const takesWork =
  ({ providerId, epoch }: Pick<TaskClaim, 'providerId' | 'epoch'>) =>
  (e: ExpressionBuilder<Tables, 'tasks'>) =>
    e.exists(
      e
        .selectFrom('providers')
        .select('providers.id')
        .where('providers.id', '=', providerId)
        .where('providers.epoch', '=', epoch)
        .where('providers.drained_at', 'is', null)
    )

/** Whether it is not too early to try the task on this service again. */
export const isDue =
  ({ serviceId, now }: Pick<TaskClaim, 'serviceId' | 'now'>) =>
  (e: ExpressionBuilder<Tables, 'tasks'>) =>
    e.or([
      e('not_before', '<=', now),
      e.not(
        e.exists(
          e
            .selectFrom('attempts')
            .select('attempts.id')
            .whereRef('attempts.task_id', '=', 'tasks.id')
            .whereRef('attempts.assigned_at', '>=', 'tasks.queued_at')
            .where('attempts.service_id', '=', serviceId)
            .where('attempts.reason', 'in', NODE_REASONS)
        )
      )
    ])

/** What was asked for, which is its request's. */
export interface AskedImage {
  prompt: string
  parameters: string
}

/** The columns of it, read with the statement that changes its task. */
export const askedColumns = (e: ExpressionBuilder<Tables, 'tasks'>) => {
  const request = e.selectFrom('requests').whereRef('requests.id', '=', 'tasks.request_id')
  return [
    request.select('requests.prompt').$asScalar().$notNull().as('prompt'),
    request.select('requests.parameters').$asScalar().$notNull().as('parameters')
  ] as const
}

/**
 * Takes a waiting task for an attempt; undefined when another was quicker, it lies in an image server's queue, the provider has been taken over or drained, or
 * it is too early to try it on this service again. `wasElsewhere`: a service held it ready, or had it when its lease ran out.
 * With `seen` it is undefined, too, when what the service is open to has changed since then.
 * From here on the late result of an earlier attempt whose lease lapsed is not wanted any more, and nobody holds the task ready.
 */
export async function takeTask(
  trx: Trx,
  claim: TaskClaim,
  seen?: OpenService
): Promise<(AskedImage & { wasElsewhere: boolean }) | undefined> {
  const { rows } = await takeRow(trx, { claim, seen })
  const [taken] = rows
  if (!taken) return undefined
  // One that has lapsed is a loss of its task until it is back or has ended.
  if (taken.losses > 0) await endLapsed(trx, claim.taskId)
  if (taken.held > 0) {
    await trx.updateTable('tasks').set({ held: 0 }).where('id', '=', claim.taskId).execute()
    await forgetStandby(trx, claim.taskId)
  }
  return { prompt: taken.prompt, parameters: taken.parameters, wasElsewhere: taken.losses > 0 || taken.held > 0 }
}

const takeRow = keepQuery((trx, { claim, seen }: { claim: TaskClaim; seen: OpenService | undefined }) =>
  trx
    .updateTable('tasks')
    .set({ state: 'running', current_attempt_id: claim.attemptId })
    .where('id', '=', claim.taskId)
    .where('state', '=', 'queued')
    .where('held', '!=', HELD.ahead)
    .where(takesWork(claim))
    .where(isDue(claim))
    .$if(seen !== undefined, (q) => q.where(isStillOpen(seen as OpenService, claim.now)))
    .returning(['held', 'losses'])
    .returning(askedColumns)
)

async function endLapsed(trx: Trx, taskId: string): Promise<void> {
  await trx
    .updateTable('attempts')
    .set({ state: 'failed' })
    .where('task_id', '=', taskId)
    .where('state', '=', 'lapsed')
    .execute()
}

/** What the ends of its attempts ask of a task that they have changed: each column more is read for every image. */
const CHANGED_COLUMNS = ['request_id', 'user_id', 'position', 'model', 'class'] as const satisfies (keyof TaskRow)[]

export type ChangedTask = Pick<TaskRow, (typeof CHANGED_COLUMNS)[number]>

type TaskChange = Partial<Omit<TaskRow, 'id' | 'request_id'>>

/**
 * Every write of an attempt's outcome goes through this fence: it changes the task only while it is that attempt's. Returns
 * the task as it has become; undefined when nothing was changed.
 */
export async function changeFenced(
  trx: Trx,
  fence: { taskId: string; attemptId: string },
  change: TaskChange
): Promise<ChangedTask | undefined> {
  const { rows } = await changeRow(trx, { fence, change })
  return rows[0]
}

const changeRow = keepQuery(
  (trx, { fence, change }: { fence: { taskId: string; attemptId: string }; change: TaskChange }) =>
    trx
      .updateTable('tasks')
      .set(change)
      .where('id', '=', fence.taskId)
      .where('current_attempt_id', '=', fence.attemptId)
      .where('state', 'in', UNFINISHED)
      .returning(CHANGED_COLUMNS)
)

/** The agent whose lease had lapsed is back with the work: it was away, and nothing was lost. */
export async function takeBackLoss(trx: Trx, taskId: string): Promise<void> {
  await trx
    .updateTable('tasks')
    .set((e) => ({ losses: e('losses', '-', 1) }))
    .where('id', '=', taskId)
    .where('losses', '>', 0)
    .execute()
}

export async function cancelTasks(trx: Trx, requestId: string, now: number): Promise<void> {
  await trx
    .updateTable('tasks')
    .set({ state: 'canceled', finished_at: now, current_attempt_id: null, held: 0 })
    .where('request_id', '=', requestId)
    .where('state', 'in', UNFINISHED)
    .execute()
}

/** Fails a task that nobody works on; false when it no longer waits, or lies in an image server's queue. The late result of a lapsed attempt is too late. */
export async function failWaiting(
  trx: Trx,
  taskId: string,
  failure: Pick<TaskRow, 'finished_at' | 'error_code' | 'error_message'> & UnbegunColumns
): Promise<boolean> {
  const { numUpdatedRows } = await trx
    .updateTable('tasks')
    .set({ ...failure, state: 'failed', current_attempt_id: null, held: 0 })
    .where('id', '=', taskId)
    .where('state', '=', 'queued')
    .where('held', '!=', HELD.ahead)
    .executeTakeFirst()
  if (numUpdatedRows === 0n) return false
  await endLapsed(trx, taskId)
  await forgetStandby(trx, taskId)
  return true
}

/** Puts a task that failed or was canceled back into the queue, as if it had never been tried. */
export async function reopenTask(
  trx: Trx,
  id: string,
  place: Pick<TaskRow, 'class' | 'cost' | 'queued_at'> & { order_key: RawBuilder<number> }
): Promise<void> {
  await trx
    .updateTable('tasks')
    .set({
      ...place,
      state: 'queued',
      current_attempt_id: null,
      node_faults: 0,
      losses: 0,
      refusals: 0,
      not_before: 0,
      held: 0,
      error_code: null,
      error_message: null,
      error_param: null,
      error_reason: null,
      error_machines: null,
      finished_at: null
    })
    .where('id', '=', id)
    .where('state', 'in', ['failed', 'canceled'])
    .execute()
}
