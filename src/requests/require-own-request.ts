import type { Db } from '../db/database.ts'
import { errors } from '../lib/errors.ts'
import { findRequest, type RequestRow } from './request-store.ts'

/**
 * The request of this id, which must be this person's. Throws `not_found`: somebody else's looks like one that does not
 * exist.
 */
export async function requireOwnRequest(db: Db, { id, userId }: { id: string; userId: string }): Promise<RequestRow> {
  const request = await findRequest(db, id)
  if (request?.user_id !== userId) throw errors.notFound(`The request '${id}'`)
  return request
}
