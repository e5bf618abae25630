import type { Clock } from '../lib/clock.ts'
import type { Db } from '../db/database.ts'
import { errors } from '../lib/errors.ts'
import { isKept } from './request-states.ts'
import { findRequest, type RequestRow } from './request-store.ts'

/**
 * The request of this id, which must be this person's, and its time not over. Throws `not_found`: any other looks like one that
 * does not exist.
 */
export async function requireOwnRequest(
  { db, clock }: { db: Db; clock: Clock },
  { id, userId }: { id: string; userId: string }
): Promise<RequestRow> {
  const request = await findRequest(db, id)
  if (request?.user_id !== userId || !isKept(request, clock.now())) throw errors.notFound(`The request '${id}'`)
  return request
}
