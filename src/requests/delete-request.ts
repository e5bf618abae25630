import { errors } from '../lib/errors.ts'
import type { RequestParts } from './request-parts.ts'
import { removeRequests } from './remove-requests.ts'
import { hasEnded } from './request-states.ts'
import { requireOwnRequest } from './require-own-request.ts'

/** Removes an ended request, as its owner says: see `removeRequests`. Throws `not_found`, and `conflict` while it has not ended. */
export async function deleteRequest(
  parts: Pick<RequestParts, 'database' | 'assets' | 'logger'>,
  { id, userId }: { id: string; userId: string }
): Promise<void> {
  await removeRequests(parts, {
    userId,
    ids: [id],
    confirm: async (trx) => {
      const { state } = await requireOwnRequest({ db: trx, clock: parts.database.clock }, { id, userId })
      if (!hasEnded(state)) throw errors.conflict(`The request '${id}' has not ended. Cancel it first.`)
      return [id]
    }
  })
}
