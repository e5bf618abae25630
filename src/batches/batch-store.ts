import type { Selectable } from 'kysely'
import type { Database, Db, Trx } from '../db/database.ts'
import { isKeptAt } from '../db/kept-at.ts'
import { olderThan } from '../db/older-than.ts'
import type { RequestState, Tables } from '../db/tables.ts'

export type BatchRow = Selectable<Tables['batches']>

export async function insertBatch(trx: Trx, row: BatchRow): Promise<void> {
  await trx.insertInto('batches').values(row).execute()
}

export const findBatch = (db: Db, id: string): Promise<BatchRow | undefined> =>
  db.selectFrom('batches').selectAll().where('id', '=', id).executeTakeFirst()

/** Newest first. */
export async function listBatches(
  db: Db,
  filter: { userId: string; after?: BatchRow; limit: number }
): Promise<BatchRow[]> {
  const { after } = filter
  return db
    .selectFrom('batches')
    .selectAll()
    .where('user_id', '=', filter.userId)
    .$if(after !== undefined, (q) => (after ? q.where(olderThan(after)) : q))
    .orderBy('created_at', 'desc')
    .orderBy('id', 'desc')
    .limit(filter.limit)
    .execute()
}

export interface BatchRequest {
  id: string
  state: RequestState
}

/** By the id of each of these batches, its requests whose time is not over, in the order they were sent. */
export async function listBatchRequests(
  { db, clock }: Pick<Database, 'db' | 'clock'>,
  batchIds: readonly string[]
): Promise<Map<string, BatchRequest[]>> {
  const rows = await db
    .selectFrom('requests')
    .select(['id', 'state', 'batch_id'])
    .where('batch_id', 'in', batchIds)
    .where(isKeptAt(clock.now()))
    .orderBy('batch_id')
    .orderBy('batch_position')
    .execute()
  const requests = new Map<string, BatchRequest[]>(batchIds.map((id) => [id, []]))
  for (const { batch_id, ...request } of rows) requests.get(batch_id ?? '')?.push(request)
  return requests
}

/** Removes up to `limit` of somebody's batches; their requests are of no concern here. Returns how many. */
export async function eraseBatches(db: Db, { userId, limit }: { userId: string; limit: number }): Promise<number> {
  const { numDeletedRows } = await db
    .deleteFrom('batches')
    .where('id', 'in', (e) => e.selectFrom('batches').select('id').where('user_id', '=', userId).limit(limit))
    .executeTakeFirst()
  return Number(numDeletedRows)
}
