import { errors } from '../lib/errors.ts'
import type { RequestParts } from './request-parts.ts'
import { deleteRequestRows, findRequest } from './request-store.ts'
import { hasEnded } from './request-states.ts'

/**
 * Removes an ended request with its images and inputs; usage counts stay. The bytes go when the rows are gone for good:
 * a process that dies in between leaves bytes without a row, which the sweeper takes, never a row without bytes.
 * Throws `not_found`, and `conflict` while it has not ended.
 */
export async function deleteRequest(
  parts: RequestParts,
  { id, ownerId }: { id: string; ownerId: string }
): Promise<void> {
  const { database, assets } = parts
  const keys = await database.db.transaction().execute(async (trx) => {
    const request = await findRequest(trx, id)
    if (!request || request.user_id !== ownerId) throw errors.notFound(`The request '${id}'`)
    if (!hasEnded(request.state)) throw errors.conflict(`The request '${id}' has not ended. Cancel it first.`)
    return deleteRequestRows(trx, id)
  })
  await database.durable()
  for (const key of keys) await assets.discard(key)
}
