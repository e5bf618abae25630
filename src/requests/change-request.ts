import { errors } from '../lib/errors.ts'
import { isOpen } from '../lib/visibility.ts'
import type { RequestParts } from './request-parts.ts'
import { changeRow, findRequest, type RequestChange } from './request-store.ts'
import { ringRequest } from './ring-request.ts'

/**
 * Says anew who may fetch the images of a request, from the next fetch on, and whether it is kept whatever else is said. Its
 * owner alone may. Throws `not_found`, also when its time is over, and `conflict` when it is to be for everybody and an admin has taken
 * it down.
 */
export async function changeRequest(
  { database }: Pick<RequestParts, 'database'>,
  change: RequestChange & { id: string; userId: string }
): Promise<void> {
  const isThere = await changeRow(database.db, { ...change, now: database.clock.now() })
  if (!isThere) {
    const row = await findRequest(database.db, change.id)
    const isDown = row?.user_id === change.userId && row.taken_down_at !== null
    if (isDown && change.visibility !== undefined && isOpen(change.visibility)) throw errors.takenDown()
    throw errors.notFound(`The request '${change.id}'`)
  }
  ringRequest(database.bell, change)
}
