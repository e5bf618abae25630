import type { Selectable } from 'kysely'
import type { Db, Trx } from '../db/database.ts'
import type { Tables } from '../db/tables.ts'
import type { Visibility } from '../lib/visibility.ts'
import { isShown, publicRequests } from './public-request-store.ts'

export type PictureReportRow = Selectable<Tables['picture_reports']>

/** The request of a picture that strangers are shown; undefined when they are not. */
export async function findPublicRequest(
  db: Db,
  { assetId, now }: { assetId: string; now: number }
): Promise<string | undefined> {
  const row = await publicRequests(db)
    .innerJoin('assets', 'assets.request_id', 'requests.id')
    .select('requests.id')
    .where('assets.id', '=', assetId)
    .where('assets.kind', '=', 'output')
    .where(isShown(now))
    .executeTakeFirst()
  return row?.id
}

export async function countReports(db: Db, of?: Pick<PictureReportRow, 'request_id' | 'asset_id'>): Promise<number> {
  const { count } = await db
    .selectFrom('picture_reports')
    .select((e) => e.fn.countAll<number>().as('count'))
    .$if(of !== undefined, (q) =>
      q.where('request_id', '=', of?.request_id ?? '').where('asset_id', '=', of?.asset_id ?? '')
    )
    .executeTakeFirstOrThrow()
  return Number(count)
}

/** Of one reporter the first report of a picture stays. */
export async function insertReport(trx: Trx, row: PictureReportRow): Promise<void> {
  await trx
    .insertInto('picture_reports')
    .values(row)
    .onConflict((c) => c.doNothing())
    .execute()
}

export interface ListedReport extends PictureReportRow {
  owner_id: string
  owner_name: string
  visibility: Visibility
}

/** The oldest first. */
export const listReports = (db: Db, limit: number): Promise<ListedReport[]> =>
  db
    .selectFrom('picture_reports')
    .innerJoin('requests', 'requests.id', 'picture_reports.request_id')
    .innerJoin('users', 'users.id', 'requests.user_id')
    .selectAll('picture_reports')
    .select(['requests.visibility', 'users.id as owner_id', 'users.name as owner_name'])
    .orderBy('picture_reports.created_at')
    .limit(limit)
    .execute()

/** False when there was none. */
export async function deleteReports(db: Db, requestId: string): Promise<boolean> {
  const { numDeletedRows } = await db
    .deleteFrom('picture_reports')
    .where('request_id', '=', requestId)
    .executeTakeFirst()
  return numDeletedRows > 0n
}

export interface TakenDown {
  id: string
  owner_id: string
  owner_name: string
  taken_down_at: number | null
  taken_down_for: string | null
}

/** The last first. */
export const listTakenDown = (db: Db, limit: number): Promise<TakenDown[]> =>
  db
    .selectFrom('requests')
    .innerJoin('users', 'users.id', 'requests.user_id')
    .select(['requests.id', 'requests.taken_down_at', 'requests.taken_down_for'])
    .select(['users.id as owner_id', 'users.name as owner_name'])
    .where('taken_down_at', 'is not', null)
    .orderBy('taken_down_at', 'desc')
    .limit(limit)
    .execute()

/** Takes a request down; what is secret stays so. Undefined when it is neither public nor reported, or was taken down before. */
export async function markTakenDown(
  trx: Trx,
  { id, reason, now }: { id: string; reason: string; now: number }
): Promise<{ user_id: string } | undefined> {
  return trx
    .updateTable('requests')
    .set((e) => ({
      visibility: e
        .case()
        .when('visibility', '=', 'SECRET')
        .then(e.ref('visibility'))
        .else(e.val('PRIVATE' as const))
        .end(),
      taken_down_at: now,
      taken_down_for: reason
    }))
    .where('id', '=', id)
    .where('taken_down_at', 'is', null)
    .where((e) =>
      e.or([
        e('visibility', '=', 'PUBLIC'),
        e.exists(e.selectFrom('picture_reports').select('asset_id').where('request_id', '=', id))
      ])
    )
    .returning('user_id')
    .executeTakeFirst()
}

/** Undefined when it was not taken down. */
export const unmarkTakenDown = (db: Db, id: string): Promise<{ user_id: string } | undefined> =>
  db
    .updateTable('requests')
    .set({ taken_down_at: null, taken_down_for: null })
    .where('id', '=', id)
    .where('taken_down_at', 'is not', null)
    .returning('user_id')
    .executeTakeFirst()
