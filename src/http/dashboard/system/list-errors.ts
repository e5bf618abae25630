import type { FastifyInstance } from 'fastify'
import type { HttpContext } from '../../http-context.ts'
import { Fields } from '../../openai/fields.ts'
import type { ErrorPage } from '../contract/admin.ts'
import { parseCursor, presentCursor } from '../cursor.ts'
import { refuseUnknown } from '../refuse-unknown.ts'

const PAGE = 50

/** `GET /api/dashboard/errors`: everybody's requests that failed, the latest failure first. */
export function listErrors(scope: FastifyInstance, { requestViews }: Pick<HttpContext, 'requestViews'>): void {
  scope.get<{ Querystring: Record<string, unknown> }>(
    '/errors',
    { config: { operation: 'listErrors' } },
    async ({ query }): Promise<ErrorPage> => {
      const fields = new Fields(query)
      const after = parseCursor(fields)
      refuseUnknown(fields)
      const found = await requestViews.listFailed({
        after: after && { finishedAt: after.created_at, id: after.id },
        limit: PAGE + 1
      })
      const page = found.slice(0, PAGE)
      const names = await requestViews.namesOf(page.map(({ user_id }) => user_id))
      const providers = await requestViews.providersOf(page.map(({ id }) => id))
      const last = found.length > PAGE ? page.at(-1) : undefined
      return {
        items: page.map((request) => ({
          requestId: request.id,
          at: request.finished_at,
          code: request.error_code ?? 'upstream_error',
          message: request.error_message ?? '',
          model: request.model,
          owner: { id: request.user_id, name: names.get(request.user_id) ?? '' },
          providers: providers.get(request.id) ?? []
        })),
        next: last ? presentCursor({ created_at: last.finished_at, id: last.id }) : null
      }
    }
  )
}
