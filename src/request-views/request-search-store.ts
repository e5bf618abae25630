import { type RawBuilder, sql, type SqlBool } from 'kysely'
import type { Db } from '../db/database.ts'
import { olderThan } from '../db/older-than.ts'
import type { RequestState } from '../db/tables.ts'
import type { Visibility } from '../lib/visibility.ts'
import type { AttemptView } from '../requests/attempt-store.ts'
import type { AssetRow, RequestRow } from '../requests/request-store.ts'
import type { TaskRow } from '../requests/task-store.ts'

/** A request's place in a list: newest first, those of the same millisecond in falling order of their ids. */
export type RequestKey = Pick<RequestRow, 'created_at' | 'id'>

/** As the database orders them, which compares the bytes of ids. */
export const newestFirst = (a: RequestKey, b: RequestKey): number =>
  b.created_at - a.created_at || (a.id < b.id ? 1 : a.id > b.id ? -1 : 0)

/** Requests that lie side by side in an index, in the order of lists: an absent member is any. */
export interface Lane {
  userId?: string | undefined
  state?: RequestState | undefined
  /** Only together with a state. */
  model?: string | undefined
}

/** Those older than `before`, down to `downTo`, itself included. */
export interface KeyRange {
  before: RequestKey
  downTo: RequestKey
}

const inLane = (db: Db, { userId, state, model }: Lane, { before, downTo }: KeyRange) =>
  db
    .selectFrom('requests')
    .$if(userId !== undefined, (q) => q.where('user_id', '=', userId ?? ''))
    .$if(state !== undefined, (q) => q.where('state', '=', state ?? 'queued'))
    .$if(model !== undefined, (q) => q.where('model', '=', model ?? ''))
    .where(olderThan(before))
    .where(notOlderThan(downTo))
    .orderBy('created_at', 'desc')
    .orderBy('id', 'desc')

const notOlderThan = (key: RequestKey): RawBuilder<SqlBool> =>
  sql<SqlBool>`(created_at, id) >= (${key.created_at}, ${key.id})`

/** The key of the `count`-th request of the lane within the range; undefined when there are fewer. */
export const findKey = (db: Db, lane: Lane, range: KeyRange & { count: number }): Promise<RequestKey | undefined> =>
  inLane(db, lane, range)
    .select(['created_at', 'id'])
    .limit(1)
    .offset(range.count - 1)
    .executeTakeFirst()

export interface SliceFilter {
  kind?: string | undefined
  visibility?: Visibility | undefined
  /** A provider that has worked on the request. */
  providerId?: string | undefined
  withPrompt: boolean
}

export type Candidate = RequestKey & { prompt?: string }

/**
 * Those of the next `count` of a lane that pass the filter. What is filtered is a subquery with a limit, so that the
 * lane is what is walked, never an index of the filter's: that would have no bound.
 */
export function listCandidates(
  db: Db,
  lane: Lane,
  { count, filter, ...range }: KeyRange & { count: number; filter: SliceFilter }
): Promise<Candidate[]> {
  const { kind, visibility, providerId, withPrompt } = filter
  const slice = inLane(db, lane, range)
    .select(['created_at', 'id'])
    .$if(kind !== undefined, (q) => q.select('kind'))
    .$if(visibility !== undefined, (q) => q.select('visibility'))
    .$if(withPrompt, (q) => q.select('prompt'))
    .limit(count)
  return db
    .selectFrom(slice.as('slice'))
    .select(['created_at', 'id'])
    .$if(withPrompt, (q) => q.select(sql<string>`prompt`.as('prompt')))
    .$if(kind !== undefined, (q) => q.where(sql<SqlBool>`kind = ${kind}`))
    .$if(visibility !== undefined, (q) => q.where(sql<SqlBool>`visibility = ${visibility}`))
    .$if(providerId !== undefined, (q) => q.where(hasWorkedOn(providerId ?? '', 'slice.id')))
    .execute()
}

/** Whether a provider has worked on the request whose id is in that column. */
export const hasWorkedOn = (providerId: string, column: string): RawBuilder<SqlBool> =>
  sql<SqlBool>`exists (
    select id from attempts where provider_id = ${providerId} and request_id = ${sql.ref(column)} and state != 'standby'
  )`

export type TaskGlance = Pick<TaskRow, 'request_id' | 'position' | 'state' | 'current_attempt_id'>

export const listTaskGlances = (db: Db, requestIds: readonly string[]): Promise<TaskGlance[]> =>
  db
    .selectFrom('tasks')
    .select(['request_id', 'position', 'state', 'current_attempt_id'])
    .where('request_id', 'in', requestIds)
    .orderBy('position')
    .execute()

export type AttemptGlance = Pick<AttemptView, 'request_id' | 'id' | 'assigned_at' | 'progress' | 'provider_name'>

/** In the order they began. */
export const listAttemptGlances = (db: Db, requestIds: readonly string[]): Promise<AttemptGlance[]> =>
  db
    .selectFrom('attempts')
    .innerJoin('providers', 'providers.id', 'attempts.provider_id')
    .select([
      'attempts.request_id',
      'attempts.id',
      'attempts.assigned_at',
      'attempts.progress',
      'providers.name as provider_name'
    ])
    .where('attempts.request_id', 'in', requestIds)
    .where('attempts.state', '!=', 'standby')
    .orderBy('attempts.assigned_at')
    .execute()

export type ImageRow = Pick<
  AssetRow,
  'request_id' | 'id' | 'kind' | 'position' | 'width' | 'height' | 'media_type' | 'bytes' | 'seed'
>

/**
 * The images of all these requests: for each its source images in the caller's order, its mask, then its results in
 * their order.
 */
export const listImages = (db: Db, requestIds: readonly string[]): Promise<ImageRow[]> =>
  db
    .selectFrom('assets')
    .select(['request_id', 'id', 'kind', 'position', 'width', 'height', 'media_type', 'bytes', 'seed'])
    .where('request_id', 'in', requestIds)
    .orderBy('kind')
    .orderBy('position')
    .execute()

/** The names of these people, by their ids. */
export async function listNames(db: Db, userIds: readonly string[]): Promise<Map<string, string>> {
  if (userIds.length === 0) return new Map()
  const rows = await db.selectFrom('users').select(['id', 'name']).where('id', 'in', userIds).execute()
  return new Map(rows.map((row) => [row.id, row.name]))
}

/** Models that somebody (without `userId` anybody) ever asked for. Reads one row of the index for each. */
export const listModelsAsked = (db: Db, userId: string | undefined): Promise<string[]> =>
  walkModels((after) =>
    db
      .selectFrom('requests')
      .select('model')
      .$if(userId !== undefined, (q) => q.where('user_id', '=', userId ?? ''))
      .where('model', '>', after)
      .orderBy('model')
      .limit(1)
      .executeTakeFirst()
  )

/** The models of an index, each once, where `next` finds the first after another; none is before the empty one. */
export async function walkModels(next: (after: string) => Promise<{ model: string } | undefined>): Promise<string[]> {
  const models: string[] = []
  for (let row = await next(''); row; row = await next(row.model)) models.push(row.model)
  return models
}
