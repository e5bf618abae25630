import { lockPerson, lockRequest } from '../db/locks.ts'
import { errors } from '../lib/errors.ts'
import { endIdempotencyKeys } from './idempotency-store.ts'
import type { RequestParts } from './request-parts.ts'
import { deleteRequestRows } from './request-store.ts'
import { hasEnded } from './request-states.ts'
import { ringRequest } from './ring-request.ts'
import { requireOwnRequest } from './require-own-request.ts'

/**
 * Removes an ended request with its images, their thumbnails and its inputs, as far as no other request has the same; usage
 * counts and idempotency keys stay. The bytes go when the rows are gone for good: a process that dies in between leaves bytes
 * without a row, never a row without bytes. That nobody wants them was noted with the rows (`unwanted_objects`), so that the
 * sweeper removes them instead of setting them aside.
 * Throws `not_found`, and `conflict` while it has not ended.
 */
export async function deleteRequest(
  parts: Pick<RequestParts, 'database' | 'assets' | 'logger'>,
  { id, userId }: { id: string; userId: string }
): Promise<void> {
  const { database } = parts
  const keys = await database.db.transaction().execute(async (trx) => {
    await lockPerson(trx, userId)
    await lockRequest(trx, id)
    const { state } = await requireOwnRequest(trx, { id, userId })
    if (!hasEnded(state)) throw errors.conflict(`The request '${id}' has not ended. Cancel it first.`)
    await endIdempotencyKeys(trx, id)
    return deleteRequestRows(trx, [id])
  })
  ringRequest(database.bell, { id, userId })
  await removeImages(parts, keys)
}

/** Removes the bytes of images whose last rows have just been deleted. Never rejects for what the store says. */
export async function removeImages(
  { database, assets, logger }: Pick<RequestParts, 'database' | 'assets' | 'logger'>,
  keys: readonly string[]
): Promise<void> {
  await database.durable()
  for (const key of keys) {
    // The request is gone whatever the store says, and nobody could delete it a second time.
    await assets.remove(key).catch((error: unknown) => {
      logger.warn({ err: error, key }, 'the bytes of a deleted image could not be removed; the sweeper takes them')
    })
  }
}
