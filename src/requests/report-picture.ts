import { createHmac } from 'node:crypto'
import { lockRequest } from '../db/locks.ts'
import { errors } from '../lib/errors.ts'
import type { ReportReason } from '../lib/report-reasons.ts'
import { getSecret } from '../people/secret-store.ts'
import {
  countReports,
  deleteReports,
  findPublicRequest,
  insertReport,
  listReports,
  listTakenDown
} from './picture-report-store.ts'
import type { RequestParts } from './request-parts.ts'

/** Open reports of one picture; those above add nothing. */
export const MAX_REPORTS_PER_PICTURE = 20
/** Open reports in all. */
export const MAX_REPORTS = 1000
/** As many are listed at once, and as many of what was taken down. */
const LISTED = 200

type Parts = Pick<RequestParts, 'database'>

export interface PictureReport {
  assetId: string
  reason: ReportReason
  text: string
  /** Of whoever reports; kept as a keyed hash. */
  address: string
}

/**
 * Writes down what somebody says against a public picture, once for each address. Throws `not_found` when strangers are not shown
 * it (any more), and `queue_full` when admins have left `MAX_REPORTS` open.
 */
export async function reportPicture({ database }: Parts, report: PictureReport): Promise<void> {
  const { assetId, reason, text, address } = report
  const now = database.clock.now()
  const secret = await getSecret(database, 'picture-reports')
  const reporter = createHmac('sha256', secret).update(address).digest('hex')
  const found = await findPublicRequest(database.db, { assetId, now })
  if (found === undefined) throw errors.notFound('The picture')
  await database.db.transaction().execute(async (trx) => {
    await lockRequest(trx, found)
    // It may have been deleted, or made less than public, meanwhile.
    if ((await findPublicRequest(trx, { assetId, now })) !== found) throw errors.notFound('The picture')
    const row = { request_id: found, asset_id: assetId, reporter, reason, text, created_at: now }
    if ((await countReports(trx, row)) >= MAX_REPORTS_PER_PICTURE) return
    if ((await countReports(trx)) >= MAX_REPORTS) {
      throw errors.queueFull('There are too many reports already. Try again when the admins have looked at some.')
    }
    await insertReport(trx, row)
  })
}

/** Open reports, the oldest first, and how many there are in all; and what was taken down, the last first. */
export const listPictureReports = async ({ database: { db } }: Parts) => ({
  open: await countReports(db),
  reports: await listReports(db, LISTED),
  takenDown: await listTakenDown(db, LISTED)
})

/** Nothing is wrong with a request: its reports are forgotten. Throws `not_found` when there are none. */
export async function dismissReports({ database }: Parts, id: string): Promise<void> {
  if (!(await deleteReports(database.db, id))) throw errors.notFound(`A report of '${id}'`)
}
