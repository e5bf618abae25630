import type { Selectable } from 'kysely'
import type { Db, Trx } from '../db/database.ts'
import type { Tables } from '../db/tables.ts'

export type IdempotencyRow = Selectable<Tables['idempotency_keys']>

export const findIdempotencyKey = (
  db: Db,
  { userId, endpoint, key }: { userId: string; endpoint: string; key: string }
): Promise<IdempotencyRow | undefined> =>
  db
    .selectFrom('idempotency_keys')
    .selectAll()
    .where('user_id', '=', userId)
    .where('endpoint', '=', endpoint)
    .where('key', '=', key)
    .executeTakeFirst()

/** False when the key is bound already. */
export async function insertIdempotencyKey(trx: Trx, row: IdempotencyRow): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await trx
    .insertInto('idempotency_keys')
    .values(row)
    .onConflict((c) => c.columns(['user_id', 'endpoint', 'key']).doNothing())
    .executeTakeFirst()
  return (numInsertedOrUpdatedRows ?? 0n) > 0n
}

/** Forgets keys made before then whose request or batch has been deleted. */
export async function forgetIdempotencyKeys(db: Db, before: number): Promise<void> {
  await db
    .deleteFrom('idempotency_keys')
    .where('created_at', '<', before)
    .where('target_id', 'not in', (e) => e.selectFrom('requests').select('requests.id'))
    .where('target_id', 'not in', (e) => e.selectFrom('batches').select('batches.id'))
    .execute()
}
