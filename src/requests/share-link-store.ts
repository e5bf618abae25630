import type { Selectable } from 'kysely'
import type { Db, Trx } from '../db/database.ts'
import type { Tables } from '../db/tables.ts'

export type ShareLinkRow = Selectable<Tables['share_links']>

/** The oldest first, ended ones included. */
export const listShareLinks = (db: Db, requestId: string): Promise<ShareLinkRow[]> =>
  db
    .selectFrom('share_links')
    .selectAll()
    .where('request_id', '=', requestId)
    .orderBy('created_at')
    .orderBy('id')
    .execute()

export async function insertShareLink(trx: Trx, row: ShareLinkRow): Promise<void> {
  await trx.insertInto('share_links').values(row).execute()
}

/** Ends all of a request. */
export async function deleteShareLinks(trx: Trx, requestId: string): Promise<void> {
  await trx.deleteFrom('share_links').where('request_id', '=', requestId).execute()
}

/** Drops those of a request whose time is over. */
export async function dropEndedShareLinks(
  trx: Trx,
  { requestId, now }: { requestId: string; now: number }
): Promise<void> {
  await trx.deleteFrom('share_links').where('request_id', '=', requestId).where('expires_at', '<=', now).execute()
}

/** False when the request has no such link. */
export async function deleteShareLink(db: Db, { requestId, id }: { requestId: string; id: string }): Promise<boolean> {
  const { numDeletedRows } = await db
    .deleteFrom('share_links')
    .where('request_id', '=', requestId)
    .where('id', '=', id)
    .executeTakeFirst()
  return numDeletedRows > 0n
}
