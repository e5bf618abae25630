import type { Trx, Db } from '../db/database.ts'

/** An image's row, as far as it matters for the space it takes. */
export interface StoredObject {
  owner_id: string
  storage_key: string
  bytes: number
}

/** What the images of somebody take, each object once. */
export async function findStoredBytes(db: Db, ownerId: string): Promise<number> {
  const row = await db.selectFrom('stored_bytes').select('bytes').where('owner_id', '=', ownerId).executeTakeFirst()
  return row?.bytes ?? 0
}

/** Counts rows that are about to be written; bytes that their owner has already count no more. */
export async function countStored(trx: Trx, rows: readonly StoredObject[]): Promise<void> {
  await change(trx, await withoutHeld(trx, rows), 1)
}

/** Counts rows that have just been deleted; bytes that their owner still has go on counting. */
export async function countDeleted(trx: Trx, rows: readonly StoredObject[]): Promise<void> {
  await change(trx, await withoutHeld(trx, rows), -1)
}

async function change(trx: Trx, objects: readonly StoredObject[], sign: 1 | -1): Promise<void> {
  const sums = new Map<string, number>()
  for (const { owner_id: owner, bytes } of objects) sums.set(owner, (sums.get(owner) ?? 0) + sign * bytes)
  for (const [owner_id, bytes] of sums) {
    await trx
      .insertInto('stored_bytes')
      .values({ owner_id, bytes })
      .onConflict((c) => c.column('owner_id').doUpdateSet((e) => ({ bytes: e('stored_bytes.bytes', '+', bytes) })))
      .execute()
    if (sign < 0)
      await trx.deleteFrom('stored_bytes').where('owner_id', '=', owner_id).where('bytes', '<=', 0).execute()
  }
}

/** These objects, each once for each owner, without those of which the owner has a row now. */
async function withoutHeld(trx: Trx, rows: readonly StoredObject[]): Promise<StoredObject[]> {
  const keyOf = ({ owner_id, storage_key }: Omit<StoredObject, 'bytes'>) => `${owner_id} ${storage_key}`
  const objects = new Map(rows.map((row) => [keyOf(row), row]))
  const keys = [...new Set(rows.map((row) => row.storage_key))]
  const held = await trx
    .selectFrom('assets')
    .select(['owner_id', 'storage_key'])
    .distinct()
    .where('storage_key', 'in', keys)
    .execute()
  for (const row of held) objects.delete(keyOf(row))
  return [...objects.values()]
}
