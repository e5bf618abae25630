import { lockRequest } from '../db/locks.ts'
import { errors } from '../lib/errors.ts'
import type { ReportReason } from '../lib/report-reasons.ts'
import { deleteReports, markTakenDown, unmarkTakenDown } from './picture-report-store.ts'
import type { RequestParts } from './request-parts.ts'
import { ringRequest } from './ring-request.ts'
import { deleteShareLinks } from './share-link-store.ts'

type Parts = Pick<RequestParts, 'database' | 'logger'>

/** `adminId`: who does it. */
interface ByAdmin {
  id: string
  adminId: string
}

/**
 * Takes a request down that is public or was reported: from the next fetch on its images are their owner's and the admins', by no
 * link of any kind, until an admin lifts that. Its reports are dealt with. Throws `not_found`, also when it was taken down before.
 */
export async function takeDownRequest(
  { database, logger }: Parts,
  { id, adminId, reason }: ByAdmin & { reason: ReportReason }
): Promise<void> {
  const now = database.clock.now()
  const userId = await database.db.transaction().execute(async (trx) => {
    await lockRequest(trx, id)
    const row = await markTakenDown(trx, { id, reason, now })
    if (!row) throw errors.notFound(`A public or reported request '${id}'`)
    await deleteShareLinks(trx, id)
    await deleteReports(trx, id)
    return row.user_id
  })
  ringRequest(database.bell, { id, userId })
  logger.info({ requestId: id, adminId, reason }, 'an admin has taken a request down')
}

/** Its owner may say again who sees it; until they do it stays as private as it is. Throws `not_found`. */
export async function liftTakeDown({ database, logger }: Parts, { id, adminId }: ByAdmin): Promise<void> {
  const row = await unmarkTakenDown(database.db, id)
  if (!row) throw errors.notFound(`A request '${id}' that was taken down`)
  ringRequest(database.bell, { id, userId: row.user_id })
  logger.info({ requestId: id, adminId }, 'an admin has lifted what took a request down')
}
