import { removeRequests } from './remove-requests.ts'
import type { RequestParts } from './request-parts.ts'
import { findRequest, markDelivered } from './request-store.ts'
import { hasEnded } from './request-states.ts'

/**
 * What was to be kept until it is delivered has been: an image of it (`assetId`), or all of it. It goes when nothing of it is
 * left to deliver; nothing happens to a request that is kept longer, or is pinned.
 */
export async function noteDelivered(
  parts: Pick<RequestParts, 'database' | 'assets' | 'logger'>,
  { id, assetId }: { id: string; assetId?: string }
): Promise<void> {
  const { db, clock } = parts.database
  const request = await findRequest(db, id)
  if (request?.expires_in !== 0 || request.pinned === 1) return
  await removeRequests(parts, {
    userId: request.user_id,
    ids: [id],
    confirm: async (trx) => {
      const left = await markDelivered(trx, { id, assetId, now: clock.now() })
      const now = await findRequest(trx, id)
      return now && now.pinned === 0 && hasEnded(now.state) && left === 0 ? [id] : []
    }
  })
}
