import type { Insertable, Selectable } from 'kysely'
import type { Db, Trx } from '../db/database.ts'
import type { RequestState, Tables } from '../db/tables.ts'
import { UNFINISHED } from './request-states.ts'

export type RequestRow = Selectable<Tables['requests']>
export type AssetRow = Selectable<Tables['assets']>

export async function insertRequest(trx: Trx, row: Insertable<Tables['requests']>): Promise<void> {
  await trx.insertInto('requests').values(row).execute()
}

export const findRequest = (db: Db, id: string): Promise<RequestRow | undefined> =>
  db.selectFrom('requests').selectAll().where('id', '=', id).executeTakeFirst()

export async function markStarted(trx: Trx, id: string, now: number): Promise<void> {
  await trx
    .updateTable('requests')
    .set((e) => ({ state: 'running', started_at: e.fn.coalesce('started_at', e.val(now)) }))
    .where('id', '=', id)
    .where('state', '=', 'queued')
    .execute()
}

export interface RequestEnd {
  state: RequestState
  finishedAt: number
  errorCode?: string | null
  errorMessage?: string | null
}

/** Ends a request once; undefined when it had ended before. */
export const endRequest = (trx: Trx, id: string, end: RequestEnd): Promise<RequestRow | undefined> =>
  trx
    .updateTable('requests')
    .set({
      state: end.state,
      finished_at: end.finishedAt,
      error_code: end.errorCode ?? null,
      error_message: end.errorMessage ?? null
    })
    .where('id', '=', id)
    .where('state', 'in', UNFINISHED)
    .returningAll()
    .executeTakeFirst()

export async function insertAsset(trx: Trx, row: Insertable<Tables['assets']>): Promise<void> {
  await trx.insertInto('assets').values(row).execute()
}

/** In the order of the images. */
export const listOutputs = (db: Db, requestId: string): Promise<AssetRow[]> =>
  db
    .selectFrom('assets')
    .selectAll()
    .where('request_id', '=', requestId)
    .where('kind', '=', 'output')
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
