import type { Insertable, Selectable } from 'kysely'
import { noteUnwanted } from '../assets/asset-store.ts'
import type { Db, Trx } from '../db/database.ts'
import { keepQuery } from '../db/keep-query.ts'
import { isKeptAt } from '../db/kept-at.ts'
import { olderThan } from '../db/older-than.ts'
import type { RequestState, Tables } from '../db/tables.ts'
import { isOpen, type Visibility } from '../lib/visibility.ts'
import { UNDELIVERED_MS } from '../lib/lifetimes.ts'
import { UNFINISHED } from './request-states.ts'
import type { UnbegunColumns } from './unbegun.ts'

export type RequestRow = Selectable<Tables['requests']>
export type AssetRow = Selectable<Tables['assets']>
export type NewAsset = Insertable<Tables['assets']>

export async function insertRequest(trx: Trx, row: Insertable<Tables['requests']>): Promise<void> {
  await insertRow(trx, row)
}

const insertRow = keepQuery((trx, row: Insertable<Tables['requests']>) => trx.insertInto('requests').values(row))

export const findRequest = (db: Db, id: string): Promise<RequestRow | undefined> =>
  db.selectFrom('requests').selectAll().where('id', '=', id).executeTakeFirst()

export const listRequestsById = (db: Db, ids: readonly string[]): Promise<RequestRow[]> =>
  db.selectFrom('requests').selectAll().where('id', 'in', ids).execute()

/** What its owner says of a request; what is absent stays. */
export interface RequestChange {
  visibility?: Visibility
  /** It is kept whatever else is said. */
  pinned?: boolean
}

/** False when it is not this person's, is not there any more, or was taken down and would be for everybody again. */
export async function changeRow(
  db: Db,
  { id, userId, visibility, pinned, now }: RequestChange & { id: string; userId: string; now: number }
): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('requests')
    .set({ ...(visibility && { visibility }), ...(pinned !== undefined && { pinned: pinned ? 1 : 0 }) })
    .where('id', '=', id)
    .where('user_id', '=', userId)
    .where(isKeptAt(now))
    .$if(visibility !== undefined && isOpen(visibility), (q) => q.where('taken_down_at', 'is', null))
    .executeTakeFirst()
  return numUpdatedRows > 0n
}

/** What is asked of a request that has just ended: each column more is read for every image. */
const ENDED_COLUMNS = [
  'id',
  'user_id',
  'api_key_id',
  'state',
  'webhook_url',
  'created_at',
  'finished_at'
] as const satisfies (keyof RequestRow)[]

export type EndedRequest = Pick<RequestRow, (typeof ENDED_COLUMNS)[number]>

export interface RequestEnd {
  state: RequestState
  finishedAt: number
  errorCode?: string | null
  errorMessage?: string | null
  errorParam?: string | null
  /** Why nobody could begin it, where it failed for that. */
  unbegun?: UnbegunColumns | undefined
}

/** Ends a request once; undefined when it had ended before, or some of its tasks go on. */
export async function endRequest(trx: Trx, id: string, end: RequestEnd): Promise<EndedRequest | undefined> {
  const { state, finishedAt } = end
  const error = {
    error_code: end.errorCode ?? null,
    error_message: end.errorMessage ?? null,
    error_param: end.errorParam ?? null,
    error_reason: end.unbegun?.error_reason ?? null,
    error_machines: end.unbegun?.error_machines ?? null
  }
  const { rows } = await endRow(trx, { id, state, finishedAt, undeliveredUntil: finishedAt + UNDELIVERED_MS, error })
  return rows[0]
}

interface RowEnd {
  id: string
  state: RequestState
  finishedAt: number
  undeliveredUntil: number
  error: Pick<RequestRow, 'error_code' | 'error_message' | 'error_param'> & UnbegunColumns
}

const endRow = keepQuery((trx, { id, state, finishedAt, undeliveredUntil, error }: RowEnd) =>
  trx
    .updateTable('requests')
    .set((e) => ({
      state,
      finished_at: finishedAt,
      expires_at: e
        .case()
        .when('expires_in', '=', 0)
        .then(e.val(undeliveredUntil))
        .else(e(e.val(finishedAt), '+', e('expires_in', '*', 1000)))
        .end(),
      ...error
    }))
    .where('id', '=', id)
    .where('state', 'in', UNFINISHED)
    .where((e) =>
      e.not(
        e.exists(
          e.selectFrom('tasks').select('tasks.id').where('request_id', '=', id).where('tasks.state', 'in', UNFINISHED)
        )
      )
    )
    .returning(ENDED_COLUMNS)
)

export async function insertAssets(trx: Trx, rows: readonly NewAsset[]): Promise<void> {
  await insertAssetRows(trx, rows)
}

const insertAssetRows = keepQuery((trx, rows: readonly NewAsset[]) => trx.insertInto('assets').values(rows))

/** Whether there is still a row of these bytes. Where there is none, there is never one again: they are being removed. */
export const isReferredTo = async (trx: Trx, storageKey: string): Promise<boolean> =>
  (await trx.selectFrom('assets').select('id').where('storage_key', '=', storageKey).executeTakeFirst()) !== undefined

/** Images with any of these contents (`hashes`, SHA-256) that somebody has here already. */
export const listByContent = (
  db: Db,
  { ownerId, hashes }: { ownerId: string; hashes: readonly string[] }
): Promise<Pick<AssetRow, 'storage_key' | 'sha256' | 'bytes'>[]> =>
  db
    .selectFrom('assets')
    .select(['storage_key', 'sha256', 'bytes'])
    .distinct()
    .where('owner_id', '=', ownerId)
    .where('sha256', 'in', hashes)
    .execute()

/**
 * The assets of all these requests: for each its source images in the caller's order, its mask, then its results in
 * their order.
 */
export const listAssets = (db: Db, requestIds: readonly string[]): Promise<AssetRow[]> =>
  db
    .selectFrom('assets')
    .selectAll()
    .where('request_id', 'in', requestIds)
    .orderBy('kind')
    .orderBy('position')
    .execute()

/** Source images in the caller's order, then the mask. */
export const listInputs = (db: Db, requestId: string): Promise<AssetRow[]> =>
  db
    .selectFrom('assets')
    .selectAll()
    .where('request_id', '=', requestId)
    .where('kind', 'in', ['input', 'mask'])
    .orderBy('kind')
    .orderBy('position')
    .execute()

/** Lets an ended request run again; false when it has not failed or been canceled. */
export async function reopenRequest(trx: Trx, id: string): Promise<boolean> {
  const { numUpdatedRows } = await trx
    .updateTable('requests')
    .set({
      state: 'queued',
      finished_at: null,
      expires_at: null,
      started_at: null,
      error_code: null,
      error_message: null,
      error_param: null,
      error_reason: null,
      error_machines: null
    })
    .where('id', '=', id)
    .where('state', 'in', ['failed', 'canceled'])
    .executeTakeFirst()
  return numUpdatedRows > 0n
}

/**
 * Notes that an image of a request has been delivered, or (without `assetId`) all of them. Returns how many are left to
 * deliver.
 */
export async function markDelivered(
  trx: Trx,
  { id, assetId, now }: { id: string; assetId: string | undefined; now: number }
): Promise<number> {
  await trx
    .updateTable('assets')
    .set({ delivered_at: now })
    .where('request_id', '=', id)
    .where('kind', '=', 'output')
    .$if(assetId !== undefined, (q) => q.where('id', '=', assetId ?? ''))
    .execute()
  const { left } = await trx
    .selectFrom('assets')
    .select((e) => e.fn.countAll<number>().as('left'))
    .where('request_id', '=', id)
    .where('kind', '=', 'output')
    .where('delivered_at', 'is', null)
    .executeTakeFirstOrThrow()
  return Number(left)
}

/** Deletes requests with everything that belongs to them, and batches of which nothing is left; returns the storage keys that no row refers to any more. */
export async function deleteRequestRows(trx: Trx, ids: readonly string[]): Promise<string[]> {
  const assets = await trx.deleteFrom('assets').where('request_id', 'in', ids).returning('storage_key').execute()
  await trx.deleteFrom('attempts').where('request_id', 'in', ids).execute()
  await trx.deleteFrom('tasks').where('request_id', 'in', ids).execute()
  await trx.deleteFrom('share_links').where('request_id', 'in', ids).execute()
  await trx.deleteFrom('picture_reports').where('request_id', 'in', ids).execute()
  await trx.deleteFrom('looks').where('request_id', 'in', ids).execute()
  await trx.deleteFrom('webhook_deliveries').where('request_id', 'in', ids).execute()
  const rows = await trx.deleteFrom('requests').where('id', 'in', ids).returning('batch_id').execute()
  await deleteEmptyBatches(trx, rows)
  const keys = [...new Set(assets.map((asset) => asset.storage_key))]
  const shared = await trx.selectFrom('assets').select('storage_key').where('storage_key', 'in', keys).execute()
  const kept = new Set(shared.map((asset) => asset.storage_key))
  const unwanted = keys.filter((key) => !kept.has(key))
  await noteUnwanted(trx, unwanted)
  return unwanted
}

async function deleteEmptyBatches(trx: Trx, requests: readonly Pick<RequestRow, 'batch_id'>[]): Promise<void> {
  const ids = [...new Set(requests.flatMap(({ batch_id }) => batch_id ?? []))]
  if (ids.length === 0) return
  await trx
    .deleteFrom('batches')
    .where('id', 'in', ids)
    .where((e) =>
      e.not(e.exists(e.selectFrom('requests').select('requests.id').whereRef('requests.batch_id', '=', 'batches.id')))
    )
    .execute()
}

export interface RequestFilter {
  userId: string
  states?: readonly RequestState[]
  /** Only those older than this one. */
  after?: Pick<RequestRow, 'id' | 'created_at'>
  limit: number
  /** Those whose time is over by then are not there. */
  now: number
}

/** Ids, newest first. */
export async function listPageIds(db: Db, filter: RequestFilter): Promise<string[]> {
  const { states, after } = filter
  const rows = await db
    .selectFrom('requests')
    .select('id')
    .where('user_id', '=', filter.userId)
    .where(isKeptAt(filter.now))
    .$if(states !== undefined, (q) => q.where('state', 'in', states ?? []))
    .$if(after !== undefined, (q) => (after ? q.where(olderThan(after)) : q))
    .orderBy('created_at', 'desc')
    .orderBy('id', 'desc')
    .limit(filter.limit)
    .execute()
  return rows.map(({ id }) => id)
}

/** Some of somebody's requests in these states, in no order. */
export async function listRequestIds(
  db: Db,
  filter: { userId: string; states: readonly RequestState[]; limit: number }
): Promise<string[]> {
  const rows = await db
    .selectFrom('requests')
    .select('id')
    .where('user_id', '=', filter.userId)
    .where('state', 'in', filter.states)
    .limit(filter.limit)
    .execute()
  return rows.map(({ id }) => id)
}
