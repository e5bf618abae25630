import { sql, type SqlBool } from 'kysely'
import type { Db } from '../db/database.ts'
import type { RequestRow } from '../requests/request-store.ts'

/** Where a page of them ended. */
export interface FailedKey {
  finishedAt: number
  id: string
}

export type FailedRequest = Pick<RequestRow, 'id' | 'user_id' | 'model' | 'error_code' | 'error_message'> & {
  finished_at: number
}

/** Requests of everybody that failed, the latest failure first. */
export async function listFailedRequests(
  db: Db,
  { after, limit }: { after?: FailedKey | undefined; limit: number }
): Promise<FailedRequest[]> {
  const rows = await db
    .selectFrom('requests')
    .select(['id', 'user_id', 'model', 'error_code', 'error_message', 'finished_at'])
    // As it stands in the index, which holds no others.
    .where('state', '=', sql.lit('failed' as const))
    .$if(after !== undefined, (q) => q.where(sql<SqlBool>`(finished_at, id) < (${after?.finishedAt}, ${after?.id})`))
    .orderBy('finished_at', 'desc')
    .orderBy('id', 'desc')
    .limit(limit)
    .execute()
  return rows.map((row) => ({ ...row, finished_at: row.finished_at ?? 0 }))
}
