import type { FastifyInstance } from 'fastify'
import { errors } from '../../../lib/errors.ts'
import { REPORT_REASONS } from '../../../lib/report-reasons.ts'
import type { HttpContext } from '../../http-context.ts'
import { jsonObject } from '../../json-object.ts'
import { Fields } from '../../openai/fields.ts'
import { refuseUnknown } from '../../refuse-unknown.ts'
import type { ReportList } from '../contract/admin.ts'
import { presentReports } from './present-reports.ts'

type ById = { Params: { id: string } }
const config = { operation: 'manageReports' } as const

/** What strangers say against public pictures, and what admins do about it. Each change answers how it is then. */
export function registerReports(scope: FastifyInstance, { requests }: Pick<HttpContext, 'requests'>): void {
  const list = async (): Promise<ReportList> => presentReports(await requests.listReports())

  scope.get('/reports', { config }, list)
  scope.post<ById>('/reports/:id/dismiss', { config }, async ({ params }) => {
    await requests.dismissReports(params.id)
    return list()
  })
  scope.post<ById>('/reports/:id/take-down', { config }, async ({ params, body, principal }) => {
    const fields = new Fields(jsonObject(body))
    const reason = fields.choice('reason', REPORT_REASONS)
    refuseUnknown(fields)
    if (reason === undefined) throw errors.invalidRequest("Say why: 'reason' is missing.", 'reason')
    await requests.takeDown({ id: params.id, adminId: principal.userId, reason })
    return list()
  })
  scope.post<ById>('/reports/:id/lift', { config }, async ({ params, principal }) => {
    await requests.liftTakeDown({ id: params.id, adminId: principal.userId })
    return list()
  })
}
