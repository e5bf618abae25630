import type { FastifyInstance } from 'fastify'
import { DAY_MS } from '../../../lib/durations.ts'
import { errors } from '../../../lib/errors.ts'
import type { HttpContext } from '../../http-context.ts'
import { Fields } from '../../openai/fields.ts'
import type { ErrorList } from '../contract/admin.ts'
import { refuseUnknown } from '../../refuse-unknown.ts'

const PERIODS = ['1', '7', '30']
const MOST_GROUPS = 100

/** `GET /api/dashboard/errors`: everybody's requests that failed lately, alike ones together, the latest failure first. */
export function listErrors(scope: FastifyInstance, context: Pick<HttpContext, 'requestViews' | 'now'>): void {
  const { requestViews, now } = context
  scope.get<{ Querystring: Record<string, unknown> }>(
    '/errors',
    { config: { operation: 'listErrors' } },
    async ({ query }): Promise<ErrorList> => {
      const fields = new Fields(query)
      const days = fields.text('days', 10) ?? '7'
      refuseUnknown(fields)
      if (!PERIODS.includes(days)) throw errors.invalidRequest("'days' must be 1, 7 or 30.", 'days')
      const found = await requestViews.listFailed({ since: now() - Number(days) * DAY_MS, limit: MOST_GROUPS })
      const names = await requestViews.namesOf(found.flatMap(({ latest }) => latest.map(({ userId }) => userId)))
      return {
        groups: found.map(({ code, message, model, worker, times, latest }) => ({
          code: code ?? 'upstream_error',
          message: message ?? '',
          model,
          worker,
          times,
          latest: latest.map(({ id, userId, at }) => ({
            requestId: id,
            at,
            owner: { id: userId, name: names.get(userId) ?? '' }
          }))
        }))
      }
    }
  )
}
