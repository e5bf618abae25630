import type { Selectable } from 'kysely'
import type { Db, Trx } from '../db/database.ts'
import type { Tables } from '../db/tables.ts'

export type IdempotencyRow = Selectable<Tables['idempotency_keys']>

export const findIdempotencyKey = (
  db: Db,
  { userId, endpoint, key, now }: { userId: string; endpoint: string; key: string; now: number }
): Promise<IdempotencyRow | undefined> =>
  db
    .selectFrom('idempotency_keys')
    .selectAll()
    .where('user_id', '=', userId)
    .where('endpoint', '=', endpoint)
    .where('key', '=', key)
    .where((e) => e.or([e('expires_at', 'is', null), e('expires_at', '>', now)]))
    .executeTakeFirst()

/** False when the key is bound already. */
export async function insertIdempotencyKey(trx: Trx, row: IdempotencyRow): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await trx
    .insertInto('idempotency_keys')
    .values(row)
    .onConflict((c) =>
      c
        .columns(['user_id', 'endpoint', 'key'])
        .doUpdateSet(row)
        .where('idempotency_keys.expires_at', '<=', row.created_at)
    )
    .executeTakeFirst()
  return (numInsertedOrUpdatedRows ?? 0n) > 0n
}

const KEPT_AT_LEAST_MS = 86_400_000

/** Called when what these keys created is deleted. They still bind until a day after they were made, and end then. */
export async function endIdempotencyKeys(trx: Trx, targetIds: readonly string[]): Promise<void> {
  await trx
    .updateTable('idempotency_keys')
    .set((e) => ({ expires_at: e('created_at', '+', KEPT_AT_LEAST_MS) }))
    .where('target_id', 'in', targetIds)
    .execute()
}

export async function forgetIdempotencyKeys(db: Db, now: number): Promise<void> {
  await db.deleteFrom('idempotency_keys').where('expires_at', '<=', now).execute()
}

/** Removes the keys of up to `limit` requests and batches that somebody made. Returns how many keys went. */
export async function eraseIdempotencyKeys(
  db: Db,
  { userId, limit }: { userId: string; limit: number }
): Promise<number> {
  const { numDeletedRows } = await db
    .deleteFrom('idempotency_keys')
    .where('user_id', '=', userId)
    .where('target_id', 'in', (e) =>
      e.selectFrom('idempotency_keys').select('target_id').where('user_id', '=', userId).limit(limit)
    )
    .executeTakeFirst()
  return Number(numDeletedRows)
}
