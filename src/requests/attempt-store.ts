import type { Insertable, Selectable } from 'kysely'
import type { Db, Trx } from '../db/database.ts'
import { keepQuery } from '../db/keep-query.ts'
import type { Tables } from '../db/tables.ts'
import { type Delivered, isNewsOf } from '../providers/service-measures-store.ts'

export type AttemptRow = Selectable<Tables['attempts']>
/** What holds a lease that is kept alive. */
export const LEASED = ['running', 'standby'] as const

export const isLeased = ({ state }: Pick<AttemptRow, 'state'>): boolean => (LEASED as readonly string[]).includes(state)

type AttemptChange = Partial<Omit<AttemptRow, 'id' | 'task_id' | 'request_id' | 'token_hash'>>

export type NewAttempt = Insertable<Tables['attempts']>

/** Those that run have their requests run, which is done by a trigger; so has a standby that begins. */
export async function insertAttempts(trx: Trx, rows: readonly NewAttempt[]): Promise<void> {
  await insertRows(trx, rows)
}

const insertRows = keepQuery((trx, rows: readonly NewAttempt[]) => trx.insertInto('attempts').values(rows))

export const findAttempt = async (db: Db, id: string): Promise<AttemptRow | undefined> =>
  (await attemptById(db, { id })).rows[0]

const attemptById = keepQuery((db, { id }: { id: string }) =>
  db.selectFrom('attempts').selectAll().where('id', '=', id)
)

/** The attempts of a task since it was queued, in the order they began: those from before a retry count no more. */
export const listAttemptsOfTask = (db: Db, task: { id: string; queued_at: number }): Promise<AttemptRow[]> =>
  db
    .selectFrom('attempts')
    .selectAll()
    .where('task_id', '=', task.id)
    .where('assigned_at', '>=', task.queued_at)
    .orderBy('assigned_at')
    .execute()

export type AttemptView = AttemptRow & {
  state: Exclude<AttemptRow['state'], 'standby'>
  position: number
  provider_name: string
  service_name: string
  /** Whose machine it was. */
  owner_id: string
  owner_name: string
}

/** All attempts of these requests that have begun, with the names of where they ran, in the order they began. */
export const listAttemptViews = (db: Db, requestIds: readonly string[]): Promise<AttemptView[]> =>
  db
    .selectFrom('attempts')
    .innerJoin('tasks', 'tasks.id', 'attempts.task_id')
    .innerJoin('services', 'services.id', 'attempts.service_id')
    .innerJoin('providers', 'providers.id', 'attempts.provider_id')
    .innerJoin('users', 'users.id', 'providers.owner_id')
    .selectAll('attempts')
    .select([
      'tasks.position',
      'providers.name as provider_name',
      'services.name as service_name',
      'providers.owner_id',
      'users.name as owner_name'
    ])
    .where('attempts.request_id', 'in', requestIds)
    .where('attempts.state', '!=', 'standby')
    .$narrowType<Pick<AttemptView, 'state'>>()
    .orderBy('attempts.assigned_at')
    .orderBy('tasks.position')
    .execute()

/** Which services hold these waiting tasks ready, by the task's id. */
export async function listHolders(db: Db, taskIds: readonly string[]): Promise<Map<string, string>> {
  if (taskIds.length === 0) return new Map()
  const rows = await db
    .selectFrom('attempts')
    .select(['task_id', 'service_id'])
    .where('task_id', 'in', taskIds)
    .where('state', '=', 'standby')
    .execute()
  return new Map(rows.map((row) => [row.task_id, row.service_id]))
}

/** What was held ready and never began was no attempt. */
export async function forgetStandby(trx: Trx, taskId: string): Promise<void> {
  await trx.deleteFrom('attempts').where('task_id', '=', taskId).where('state', '=', 'standby').execute()
}

export async function changeAttempt(trx: Trx, id: string, change: AttemptChange): Promise<void> {
  await changeRow(trx, { id, change })
}

const changeRow = keepQuery((trx, { id, change }: { id: string; change: AttemptChange }) =>
  trx.updateTable('attempts').set(change).where('id', '=', id)
)

/**
 * Ends an attempt that has delivered. `isNews`: the image changes what is known of the service that made it, besides how long
 * one takes.
 */
export async function succeedAttempt(
  trx: Trx,
  end: { delivered: Delivered; generatingMs: number }
): Promise<{ isNews: boolean }> {
  const { rows } = await succeedRow(trx, end)
  return { isNews: rows.some(({ isNews }) => Boolean(isNews)) }
}

const succeedRow = keepQuery((trx, { delivered, generatingMs }: { delivered: Delivered; generatingMs: number }) =>
  trx
    .updateTable('attempts')
    .set({
      state: 'succeeded',
      // A lapsed lease may have left its reason.
      reason: null,
      reason_message: null,
      progress: 100,
      finished_at: delivered.now,
      generating_ms: generatingMs
    })
    .where('id', '=', delivered.attemptId)
    .returning(isNewsOf(delivered))
)

export interface AttemptProgress {
  percent: number
  /** When the engine reported its first step, UTC milliseconds. */
  firstStepAt: number
}

/** The first step keeps its time, whichever connection tells of later ones. */
export async function writeProgress(trx: Trx, id: string, { percent, firstStepAt }: AttemptProgress): Promise<void> {
  await trx
    .updateTable('attempts')
    .set((e) => ({ progress: percent, progressed_at: e.fn.coalesce('progressed_at', e.val(firstStepAt)) }))
    .where('id', '=', id)
    .execute()
}

export async function cancelAttempts(trx: Trx, requestId: string, now: number): Promise<void> {
  await trx
    .updateTable('attempts')
    .set({ state: 'canceled', reason: 'canceled', finished_at: now })
    .where('request_id', '=', requestId)
    .where('state', 'in', ['running', 'lapsed'])
    .execute()
  await trx.deleteFrom('attempts').where('request_id', '=', requestId).where('state', '=', 'standby').execute()
}

/** Attempts that a provider is believed to work on, or to hold ready. */
export const listLiveOfProvider = (db: Db, providerId: string): Promise<AttemptRow[]> =>
  db
    .selectFrom('attempts')
    .selectAll()
    .where('provider_id', '=', providerId)
    .where('state', 'in', [...LEASED, 'lapsed'])
    .execute()

export const listExpired = (db: Db, now: number, limit: number): Promise<AttemptRow[]> =>
  db
    .selectFrom('attempts')
    .selectAll()
    .where('state', 'in', LEASED)
    .where('lease_until', '<', now)
    .orderBy('lease_until')
    .limit(limit)
    .execute()

/** Extends the leases of a connection's attempts; returns the ids of the attempts that really run there, or are held ready. */
export async function renewLeases(
  trx: Trx,
  connection: { providerId: string; epoch: number },
  until: number
): Promise<string[]> {
  const rows = await trx
    .updateTable('attempts')
    .set({ lease_until: until })
    .where('provider_id', '=', connection.providerId)
    .where('epoch', '=', connection.epoch)
    .where('state', 'in', LEASED)
    .where((e) =>
      e.exists(
        e
          .selectFrom('providers')
          .select('providers.id')
          .whereRef('providers.id', '=', 'attempts.provider_id')
          .whereRef('providers.epoch', '=', 'attempts.epoch')
      )
    )
    .returning('id')
    .execute()
  return rows.map((row) => row.id)
}

/**
 * Has every lease end at `until`, so that agents can come back after the gateway was away,
 * however long it was.
 */
export async function graceLeases(db: Db, until: number): Promise<void> {
  await db.updateTable('attempts').set({ lease_until: until }).where('state', 'in', LEASED).execute()
}

/** Shortens the leases that no clock could have given: none lasts beyond `latest`. */
export async function clampLeases(db: Db, latest: number): Promise<void> {
  const impossible = await db
    .selectFrom('attempts')
    .select('id')
    .where('state', 'in', LEASED)
    .where('lease_until', '>', latest)
    .limit(1)
    .executeTakeFirst()
  if (!impossible) return
  await db
    .updateTable('attempts')
    .set({ lease_until: latest })
    .where('state', 'in', LEASED)
    .where('lease_until', '>', latest)
    .execute()
}

/** Images that these providers are making, or hold ready, for others than their owners. */
export async function countRunning(
  db: Db,
  providerIds: readonly string[]
): Promise<{ serviceId: string; providerId: string; userId: string; images: number }[]> {
  const rows = await db
    .selectFrom('attempts')
    .innerJoin('tasks', 'tasks.id', 'attempts.task_id')
    .innerJoin('providers', 'providers.id', 'attempts.provider_id')
    .select((e) => [
      'attempts.service_id',
      'attempts.provider_id',
      'tasks.user_id',
      e.fn.countAll<number>().as('images')
    ])
    .where('attempts.provider_id', 'in', providerIds)
    .where('attempts.state', 'in', LEASED)
    .whereRef('tasks.user_id', '!=', 'providers.owner_id')
    .groupBy(['attempts.service_id', 'attempts.provider_id', 'tasks.user_id'])
    .execute()
  return rows.map((row) => ({
    serviceId: row.service_id,
    providerId: row.provider_id,
    userId: row.user_id,
    images: Number(row.images)
  }))
}
