import { lockPerson, lockRequest } from '../db/locks.ts'
import { inSlices } from '../lib/async.ts'
import { cancelRequest } from './cancel-request.ts'
import { removeImages } from './delete-request.ts'
import { eraseIdempotencyKeys } from './idempotency-store.ts'
import type { RequestParts } from './request-parts.ts'
import { ENDED, UNFINISHED } from './request-states.ts'
import { deleteRequestRows, listRequestIds } from './request-store.ts'
import { ringRequest } from './ring-request.ts'

/** Small enough that nobody notices while somebody with a hundred thousand goes. */
const AT_A_TIME = 5

/**
 * Removes everything somebody ever asked for: cancels what has not ended, then deletes all with images, thumbnails, inputs
 * and idempotency keys; usage counts stay. Stops early when `signal` aborts; called again, it goes on where it was.
 */
export async function eraseRequests(
  parts: Pick<RequestParts, 'database' | 'assets' | 'logger'>,
  { userId, signal }: { userId: string; signal: AbortSignal }
): Promise<void> {
  const { database } = parts
  const { db } = database
  await inSlices(async () => {
    const ids = await listRequestIds(db, { userId, states: UNFINISHED, limit: AT_A_TIME })
    for (const id of ids) await cancelRequest(parts, id)
    return ids.length
  }, signal)
  await inSlices(async () => {
    const ids = await listRequestIds(db, { userId, states: ENDED, limit: AT_A_TIME })
    if (ids.length === 0) return 0
    const keys = await db.transaction().execute(async (trx) => {
      await lockPerson(trx, userId)
      await lockRequest(trx, ...ids)
      return deleteRequestRows(trx, ids)
    })
    for (const id of ids) ringRequest(database.bell, { id, userId })
    await removeImages(parts, keys)
    return ids.length
  }, signal)
  await inSlices(() => eraseIdempotencyKeys(db, { userId, limit: AT_A_TIME }), signal)
}
