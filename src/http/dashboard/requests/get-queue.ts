import type { FastifyInstance } from 'fastify'
import type { HttpContext } from '../../http-context.ts'
import { Fields } from '../../openai/fields.ts'
import type { QueueState } from '../contract/requests.ts'
import { noteLooks } from '../../note-looks.ts'
import { refuseUnknown } from '../../refuse-unknown.ts'
import { parseOwner } from './parse-owner.ts'
import { presentSummaries } from './present-request.ts'

const MOST = 200

/** `GET /api/dashboard/queue`: what of the reader's own, for admins of anybody's, has not ended. */
export function getQueue(
  scope: FastifyInstance,
  context: Pick<HttpContext, 'requestViews' | 'assets' | 'config'>
): void {
  const { requestViews, config } = context
  scope.get<{ Querystring: Record<string, unknown> }>(
    '/queue',
    { config: { operation: 'getQueue' } },
    async ({ query, principal }): Promise<QueueState> => {
      const fields = new Fields(query)
      const userId = parseOwner(fields, principal, config.limits)
      refuseUnknown(fields)
      const { views, outlooks, more, waiting, running } = await requestViews.queue({ userId, limit: MOST })
      await noteLooks(context, principal, views)
      const names = await requestViews.namesOf(views.map(({ request }) => request.user_id))
      return { items: presentSummaries(views, { names, outlooks }), waiting, running, more }
    }
  )
}
