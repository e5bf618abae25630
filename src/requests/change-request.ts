import { errors } from '../lib/errors.ts'
import type { RequestParts } from './request-parts.ts'
import { changeRow, type RequestChange } from './request-store.ts'
import { ringRequest } from './ring-request.ts'

/**
 * Says anew who may fetch the images of a request, from the next fetch on, and whether it is kept whatever else is said. Its
 * owner alone may. Throws `not_found`, also when its time is over.
 */
export async function changeRequest(
  { database }: Pick<RequestParts, 'database'>,
  change: RequestChange & { id: string; userId: string }
): Promise<void> {
  const isThere = await changeRow(database.db, { ...change, now: database.clock.now() })
  if (!isThere) throw errors.notFound(`The request '${change.id}'`)
  ringRequest(database.bell, change)
}
