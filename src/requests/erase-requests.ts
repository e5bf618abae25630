import { inSlices } from '../lib/async.ts'
import { CANCELED_AT_ONCE, cancelRequests } from './cancel-request.ts'
import { eraseIdempotencyKeys } from './idempotency-store.ts'
import { removeRequests } from './remove-requests.ts'
import type { RequestParts } from './request-parts.ts'
import { ENDED, UNFINISHED } from './request-states.ts'
import { listRequestIds } from './request-store.ts'

/** Small enough that nobody notices while somebody with a hundred thousand goes. */
const AT_A_TIME = 20

/**
 * Removes everything somebody ever asked for: cancels what has not ended, then deletes all with images, thumbnails, inputs
 * and idempotency keys; usage counts stay. Stops early when `signal` aborts; called again, it goes on where it was.
 */
export async function eraseRequests(
  parts: Pick<RequestParts, 'database' | 'assets' | 'logger'>,
  { userId, signal }: { userId: string; signal: AbortSignal }
): Promise<void> {
  const { db } = parts.database
  await inSlices(async () => {
    const ids = await listRequestIds(db, { userId, states: UNFINISHED, limit: CANCELED_AT_ONCE })
    if (ids.length > 0) await cancelRequests(parts, ids)
    return ids.length
  }, signal)
  await inSlices(async () => {
    const ids = await listRequestIds(db, { userId, states: ENDED, limit: AT_A_TIME })
    if (ids.length === 0) return 0
    await removeRequests(parts, { userId, ids, confirm: async () => ids })
    return ids.length
  }, signal)
  await inSlices(() => eraseIdempotencyKeys(db, { userId, limit: AT_A_TIME }), signal)
}
