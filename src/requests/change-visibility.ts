import type { Visibility } from '../lib/visibility.ts'
import { errors } from '../lib/errors.ts'
import type { RequestParts } from './request-parts.ts'
import { setVisibility } from './request-store.ts'
import { ringRequest } from './ring-request.ts'

/** From the next fetch on the images of a request are for others. Its owner alone may say so. Throws `not_found`. */
export async function changeVisibility(
  { database }: Pick<RequestParts, 'database'>,
  change: { id: string; userId: string; visibility: Visibility }
): Promise<void> {
  if (!(await setVisibility(database.db, change))) throw errors.notFound(`The request '${change.id}'`)
  ringRequest(database.bell, change)
}
