import type { FastifyInstance } from 'fastify'
import { DAY_MS } from '../../../lib/durations.ts'
import { errors } from '../../../lib/errors.ts'
import type { HttpContext } from '../../http-context.ts'
import { Fields } from '../../openai/fields.ts'
import type { ErrorGroup, ErrorList } from '../contract/admin.ts'
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
      const wanted = { since: now() - Number(days) * DAY_MS, limit: MOST_GROUPS }
      const failed = await requestViews.listFailed(wanted)
      const limited = await requestViews.listLimited(wanted)
      const names = await requestViews.namesOf([
        ...[...failed, ...limited].flatMap(({ latest }) => latest.map(({ userId }) => userId)),
        ...limited.flatMap(({ machines }) => machines.map(({ ownerId }) => ownerId))
      ])
      const person = (id: string) => ({ id, name: names.get(id) ?? '' })
      const presentLatest = (latest: (typeof failed)[number]['latest']): ErrorGroup['latest'] =>
        latest.map(({ id, userId, at }) => ({ requestId: id, at, owner: person(userId) }))
      return {
        groups: failed.map(({ code, message, model, worker, times, latest }) => ({
          code: code ?? 'upstream_error',
          message: message ?? '',
          model,
          worker,
          times,
          latest: presentLatest(latest)
        })),
        limits: limited.map(({ reason, model, machines, times, latest }) => ({
          reason,
          model,
          machines: machines.map(({ id, name, ownerId }) => ({ id, name, owner: person(ownerId) })),
          times,
          latest: presentLatest(latest)
        }))
      }
    }
  )
}
