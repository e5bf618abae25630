import type { FastifyInstance } from 'fastify'
import type { HttpContext } from '../../http-context.ts'
import { Fields } from '../../openai/fields.ts'
import type { DeliveryPage } from '../contract/admin.ts'
import { parseCursor, presentCursor } from '../cursor.ts'
import { refuseUnknown } from '../../refuse-unknown.ts'
import { presentDelivery } from './present-delivery.ts'

const PAGE = 50

/** `GET /api/dashboard/webhook-deliveries`: the reader's own, for admins everybody's, newest first. */
export function listDeliveries(scope: FastifyInstance, context: Pick<HttpContext, 'webhooks' | 'requestViews'>): void {
  const { webhooks, requestViews } = context
  scope.get<{ Querystring: Record<string, unknown> }>(
    '/webhook-deliveries',
    { config: { operation: 'listWebhookDeliveries' } },
    async ({ query, principal }): Promise<DeliveryPage> => {
      const fields = new Fields(query)
      const after = parseCursor(fields)
      refuseUnknown(fields)
      const found = await webhooks.browseDeliveries({
        userId: principal.role === 'admin' ? undefined : principal.userId,
        limit: PAGE + 1,
        ...(after && { after })
      })
      const page = found.slice(0, PAGE)
      const names = await requestViews.namesOf(page.map(({ user_id }) => user_id))
      const last = found.length > PAGE ? page.at(-1) : undefined
      return {
        items: page.map((delivery) => presentDelivery(delivery, names)),
        next: last ? presentCursor(last) : null
      }
    }
  )
}
