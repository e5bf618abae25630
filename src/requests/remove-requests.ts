import type { Trx } from '../db/database.ts'
import { lockPerson, lockRequest } from '../db/locks.ts'
import { endIdempotencyKeys } from './idempotency-store.ts'
import type { RequestParts } from './request-parts.ts'
import { deleteRequestRows } from './request-store.ts'
import { ringRequest } from './ring-request.ts'

/**
 * Removes requests of somebody, whoever or whatever says so: their rows, images, thumbnails and inputs, as far as no other
 * request has the same bytes, links and webhooks; usage counts stay, and idempotency keys until a day after they were made.
 * The bytes go when the rows are gone for good: a process that dies in between leaves bytes without a row, never a row without
 * bytes. That nobody wants them was noted with the rows (`unwanted_objects`), so that the sweeper removes them instead of
 * setting them aside.
 * `confirm` is asked under the locks which of them are still to go; what it throws is thrown, and nothing is removed then.
 * Returns how many went.
 */
export async function removeRequests(
  { database, assets, logger }: Pick<RequestParts, 'database' | 'assets' | 'logger'>,
  {
    userId,
    ids,
    confirm
  }: { userId: string; ids: readonly string[]; confirm: (trx: Trx) => Promise<readonly string[]> }
): Promise<number> {
  const { gone, keys } = await database.db.transaction().execute(async (trx) => {
    await lockPerson(trx, userId)
    await lockRequest(trx, ...ids)
    const gone = await confirm(trx)
    if (gone.length === 0) return { gone, keys: [] }
    await endIdempotencyKeys(trx, gone)
    return { gone, keys: await deleteRequestRows(trx, gone) }
  })
  for (const id of gone) ringRequest(database.bell, { id, userId })
  if (gone.length > 0) await database.durable()
  if (keys.length > 0) {
    // The requests are gone whatever the store says, and nobody could delete them a second time.
    await assets.remove(keys).catch((error: unknown) => {
      logger.warn({ err: error, keys }, 'the bytes of deleted images could not be removed; the sweeper takes them')
    })
  }
  return gone.length
}
