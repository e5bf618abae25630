import type { Database, Db, Trx } from '../db/database.ts'
import { lockInstallation } from '../db/locks.ts'
import type { RequestRow } from './request-store.ts'

/** Requests whose time is over, those first whose time was over first, with whom they belong to. */
export const listExpired = (
  db: Db,
  { now, limit }: { now: number; limit: number }
): Promise<Pick<RequestRow, 'id' | 'user_id'>[]> =>
  db
    .selectFrom('requests')
    .select(['id', 'user_id'])
    .where('expires_at', '<=', now)
    .where('pinned', '=', 0)
    .orderBy('expires_at')
    .limit(limit)
    .execute()

export type Due = { expiredAt: number } | { endedBefore: number }

/** Of these requests of somebody, those that are due and not pinned. */
export async function stillDue(trx: Trx, { ids, due }: { ids: readonly string[]; due: Due }): Promise<string[]> {
  const rows = await trx
    .selectFrom('requests')
    .select('id')
    .where('id', 'in', ids)
    .where('pinned', '=', 0)
    .$if('expiredAt' in due, (q) => q.where('expires_at', '<=', 'expiredAt' in due ? due.expiredAt : 0))
    .$if('endedBefore' in due, (q) => q.where('finished_at', '<', 'endedBefore' in due ? due.endedBefore : 0))
    .execute()
  return rows.map(({ id }) => id)
}

/** Requests of somebody that ended before then and are not pinned, those first that ended first. */
export async function listOldest(
  db: Db,
  { userId, endedBefore, limit }: { userId: string; endedBefore: number; limit: number }
): Promise<string[]> {
  const rows = await db
    .selectFrom('requests')
    .select('id')
    .where('user_id', '=', userId)
    .where('pinned', '=', 0)
    .where('finished_at', '<', endedBefore)
    .orderBy('finished_at')
    .limit(limit)
    .execute()
  return rows.map(({ id }) => id)
}

/** The same, of those that have images or inputs, the first; undefined when there is none. */
export async function findOldestWithImages(db: Db, userId: string): Promise<string | undefined> {
  const row = await db
    .selectFrom('requests')
    .select('requests.id')
    .where('user_id', '=', userId)
    .where('pinned', '=', 0)
    .where('finished_at', 'is not', null)
    .where((e) =>
      e.exists(e.selectFrom('assets').select('assets.id').whereRef('assets.request_id', '=', 'requests.id'))
    )
    .orderBy('finished_at')
    .limit(1)
    .executeTakeFirst()
  return row?.id
}

/** What the images of somebody take, each object once; the database counts it itself. */
export async function readStoredBytes(db: Db, userId: string): Promise<number> {
  const row = await db.selectFrom('stored_bytes').select('bytes').where('owner_id', '=', userId).executeTakeFirst()
  return Number(row?.bytes ?? 0)
}

export interface Keeper {
  id: string
  keep_ms: number | null
  keep_bytes: number | null
}

/** People in the order of their ids; those alone who said themselves how much they keep, unless `all`. */
export const listKeepers = (
  db: Db,
  { afterId, all, limit }: { afterId: string; all: boolean; limit: number }
): Promise<Keeper[]> =>
  db
    .selectFrom('users')
    .select(['id', 'keep_ms', 'keep_bytes'])
    .where('id', '>', afterId)
    .$if(!all, (q) => q.where((e) => e.or([e('keep_ms', 'is not', null), e('keep_bytes', 'is not', null)])))
    .orderBy('id')
    .limit(limit)
    .execute()

export const findKeeper = (db: Db, userId: string): Promise<Keeper | undefined> =>
  db.selectFrom('users').select(['id', 'keep_ms', 'keep_bytes']).where('id', '=', userId).executeTakeFirst()

/** Requests of somebody that have ended and are not pinned, those first that ended first. */
export async function listEnded(
  db: Db,
  { userId, after, limit }: { userId: string; after: { finishedAt: number; id: string }; limit: number }
): Promise<{ id: string; finishedAt: number }[]> {
  const rows = await db
    .selectFrom('requests')
    .select(['id', 'finished_at'])
    .where('user_id', '=', userId)
    .where('pinned', '=', 0)
    .where('finished_at', 'is not', null)
    .where((e) =>
      e.or([
        e('finished_at', '>', after.finishedAt),
        e.and([e('finished_at', '=', after.finishedAt), e('id', '>', after.id)])
      ])
    )
    .orderBy('finished_at')
    .orderBy('id')
    .limit(limit)
    .execute()
  return rows.map(({ id, finished_at }) => ({ id, finishedAt: Number(finished_at) }))
}

/** What the images and inputs of requests take, by the ids of the requests. */
export async function listAssetBytes(
  db: Db,
  requests: readonly { id: string }[]
): Promise<Map<string, { key: string; bytes: number }[]>> {
  const rows = await db
    .selectFrom('assets')
    .select(['request_id', 'storage_key', 'bytes'])
    .where(
      'request_id',
      'in',
      requests.map(({ id }) => id)
    )
    .execute()
  const found = new Map<string, { key: string; bytes: number }[]>()
  for (const { request_id, storage_key, bytes } of rows) {
    if (request_id === null) continue
    found.set(request_id, [...(found.get(request_id) ?? []), { key: storage_key, bytes: Number(bytes) }])
  }
  return found
}

/** How many assets of somebody are of the same bytes, by the key of these, where there is more than one. */
export async function listSharedKeys(db: Db, userId: string): Promise<Map<string, number>> {
  const rows = await db
    .selectFrom('assets')
    .select(['storage_key', (e) => e.fn.countAll<number>().as('times')])
    .where('owner_id', '=', userId)
    .groupBy('storage_key')
    .having((e) => e.fn.countAll(), '>', 1)
    .execute()
  return new Map(rows.map(({ storage_key, times }) => [storage_key, Number(times)]))
}

const RETENTION = 'retention'
/** What is passed between two looks when a gateway runs, generously. */
const NOTICED_MS = 3_600_000
/** How long a gateway has to run after its clock went ahead, at most. */
const HOLD_MS = 6 * 3_600_000

/**
 * Notes that the clock is looked at before anything is deleted by it, and tells for how long nothing may be. When it has gone
 * ahead by more than an hour since somebody last looked, it was set, or nobody was here: which of them cannot be told, so
 * nothing is deleted until gateways have run for as long again, six hours at most. What runs for less at a time gets on, too:
 * a wait that has begun is not made longer.
 */
export const noteClock = ({
  db,
  clock
}: Pick<Database, 'db' | 'clock'>): Promise<{ holdMs: number; aheadMs: number }> =>
  db.transaction().execute(async (trx) => {
    await lockInstallation(trx)
    const now = clock.now()
    const last = await trx.selectFrom('sweeps').selectAll().where('name', '=', RETENTION).executeTakeFirst()
    const elapsedMs = last ? now - Number(last.seen_at) : 0
    // It was set back, so the wait for its having been ahead is over.
    const before = last && elapsedMs >= 0 ? Number(last.hold_ms) : 0
    const isAhead = elapsedMs > NOTICED_MS
    const begun = before > 0 ? before : Math.min(elapsedMs, HOLD_MS)
    const holdMs = isAhead ? begun : Math.max(0, before - Math.max(0, elapsedMs))
    const row = { name: RETENTION, seen_at: now, hold_ms: holdMs }
    await trx
      .insertInto('sweeps')
      .values(row)
      .onConflict((c) => c.column('name').doUpdateSet(row))
      .execute()
    return { holdMs, aheadMs: isAhead ? elapsedMs : 0 }
  })

/** For how long nothing is deleted by the clock. */
export async function readHoldMs(db: Db): Promise<number> {
  const row = await db.selectFrom('sweeps').select('hold_ms').where('name', '=', RETENTION).executeTakeFirst()
  return Number(row?.hold_ms ?? 0)
}
