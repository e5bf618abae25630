import { type RawBuilder, type SelectQueryBuilder, sql } from 'kysely'
import type { Db } from '../db/database.ts'
import type { Tables } from '../db/tables.ts'
import type { ServiceAccess } from '../providers/provider-store.ts'
import { byTurn } from './queue-store.ts'
import { SPENDING_FAULTS } from './retry-policy.ts'
import type { Capped } from './service-caps.ts'
import type { TaskRow } from './task-store.ts'

export interface RunnableFilter {
  serviceId: string
  models: readonly string[]
  /** Values of `tasks.needs` that the service satisfies, by model. */
  needsOf: (model: string) => readonly string[]
  access: ServiceAccess
  ownerId: string
  /** Who may not have an image of it now. */
  capped?: Capped
  /** Tasks of this class or a less urgent one; those of its owner whatever their class. */
  fromClass: number
  limit: number
}

type TaskQuery = SelectQueryBuilder<Tables, 'tasks', TaskRow>

/**
 * Models for which anything waits, in their order. Jumps from one to the next in the index: the cost grows with what it
 * finds, neither with the length of the queues nor with what anybody offers.
 */
export async function listWaitingModels(db: Db): Promise<string[]> {
  const next = (after?: RawBuilder<unknown>) =>
    sql`select min(model) from tasks where state = 'queued'${after ? sql` and model > ${after}` : sql``}`
  const { rows } = await sql<{ model: string }>`
    with recursive waiting(model) as (
      ${next()} union all select (${next(sql`waiting.model`)}) from waiting where waiting.model is not null
    )
    select model from waiting where model is not null`.execute(db)
  return rows.map(({ model }) => model)
}

/**
 * The heads of the queues a service can work on, at most `limit` of each model: of its owner's, then as many of everybody
 * else's, most urgent first. Tasks for which this very service has done the work in vain are left out.
 *
 * They are read from *lanes*, parts of the queue of which the service may take every task, so that what it may not
 * take is never read: the cost does not grow with the queue, whatever waits in it.
 */
export async function listRunnable(db: Db, filter: RunnableFilter): Promise<TaskRow[]> {
  const userIds = await listUsersServed(db, filter)
  const heads: TaskRow[] = []
  for (const model of filter.models) {
    const needs = filter.needsOf(model)
    if (needs.length === 0) continue
    const own = ownersLane(waitingFor(db, model, { ...filter, fromClass: 0 }), { needs, ownerId: filter.ownerId })
    const waiting = waitingFor(db, model, filter)
    const others = userIds
      ? lanesOfUsers(waiting, { needs, userIds: userIds.filter((id) => id !== filter.ownerId) })
      : lanesOfAll(waiting, needs)
    const found: TaskRow[] = []
    for (const lane of others) found.push(...(await lane.limit(filter.limit).execute()))
    heads.push(...(await own.limit(filter.limit).execute()))
    heads.push(
      ...found
        .filter((task) => task.user_id !== filter.ownerId)
        .sort(byTurn)
        .slice(0, filter.limit)
    )
  }
  return heads
}

/** The only users the service works for; undefined when it does for every member. */
async function listUsersServed(db: Db, { access, ownerId, capped }: RunnableFilter): Promise<string[] | undefined> {
  if (access === 'members' && !capped?.others) return undefined
  const invited = Array.isArray(access) && !capped?.others ? access.map((address) => address.toLowerCase()) : []
  if (invited.length === 0) return [ownerId]
  const guests = await db
    .selectFrom('users')
    .select('id')
    .where('email', 'in', invited)
    .where('email_verified', '=', 1)
    .execute()
  return [...new Set([ownerId, ...guests.map(({ id }) => id)])]
}

/** Walks `tasks_by_user` in its order. All that its owner waits for goes before what others wait for. */
const ownersLane = (waiting: TaskQuery, { needs, ownerId }: { needs: readonly string[]; ownerId: string }): TaskQuery =>
  waiting.where('user_id', '=', ownerId).where('needs', 'in', needs).orderBy('class').orderBy('order_key')

/** Each of these queries walks `tasks_by_user` in its order. */
const lanesOfUsers = (
  waiting: TaskQuery,
  { needs, userIds }: { needs: readonly string[]; userIds: readonly string[] }
): TaskQuery[] =>
  userIds.map((userId) =>
    waiting
      .where('user_id', '=', userId)
      .where('needs', 'in', needs)
      .where('routing', '!=', 'only_own')
      .orderBy('class')
      .orderBy('order_key')
  )

/** Each of these walks `tasks_by_lane`. */
const lanesOfAll = (waiting: TaskQuery, needs: readonly string[]): TaskQuery[] =>
  needs.flatMap((need) =>
    (['any', 'prefer_own'] as const).map((routing) =>
      waiting
        .where('needs', '=', need)
        .where('routing', '=', routing)
        .orderBy('class')
        .orderBy('order_key')
        .orderBy('queued_at')
    )
  )

function waitingFor(db: Db, model: string, { serviceId, fromClass, capped }: RunnableFilter): TaskQuery {
  const cappedIds = capped?.userIds ?? []
  return db
    .selectFrom('tasks')
    .selectAll()
    .where('state', '=', 'queued')
    .where('model', '=', model)
    .where('class', '>=', fromClass)
    .$if(cappedIds.length > 0, (q) => q.where('user_id', 'not in', cappedIds))
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
              .where('attempts.service_id', '=', serviceId)
              .where('attempts.reason', 'in', SPENDING_FAULTS)
          )
        )
      ])
    )
}
