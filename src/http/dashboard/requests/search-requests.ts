import type { FastifyInstance } from 'fastify'
import type { HttpContext } from '../../http-context.ts'
import type { RequestPage } from '../contract/requests.ts'
import { noteLooks } from '../../note-looks.ts'
import { presentCursor } from '../cursor.ts'
import { parseRequestQuery } from './parse-request-query.ts'
import { presentSummaries } from './present-request.ts'

/** `GET /api/dashboard/requests`: the reader's own, for admins anybody's, newest first. */
export function searchRequests(
  scope: FastifyInstance,
  context: Pick<HttpContext, 'requestViews' | 'assets' | 'config'>
): void {
  const { requestViews, config } = context
  scope.get<{ Querystring: Record<string, unknown> }>(
    '/requests',
    { config: { operation: 'searchRequests' } },
    async ({ query, principal }): Promise<RequestPage> => {
      const { views, outlooks, next } = await requestViews.search(parseRequestQuery(query, principal, config.limits))
      await noteLooks(context, principal, views)
      const names = await requestViews.namesOf(views.map(({ request }) => request.user_id))
      return { items: presentSummaries(views, { names, outlooks }), next: next ? presentCursor(next) : null }
    }
  )
}
