import type { FastifyInstance } from 'fastify'
import type { HttpContext } from '../../http-context.ts'
import type { DeliveryPage } from '../contract/admin.ts'
import { presentDelivery } from './present-delivery.ts'

/** `POST /api/dashboard/webhook-deliveries/<id>/redeliver`: once more and at once; for its owner and admins. */
export function redeliverWebhook(
  scope: FastifyInstance,
  context: Pick<HttpContext, 'webhooks' | 'requestViews'>
): void {
  const { webhooks, requestViews } = context
  scope.post<{ Params: { id: string } }>(
    '/webhook-deliveries/:id/redeliver',
    { config: { operation: 'redeliverWebhook' } },
    async ({ params, principal }, reply): Promise<DeliveryPage['items'][number]> => {
      const owner = principal.role === 'admin' ? undefined : principal.userId
      const delivery = await webhooks.redeliver(params.id, owner)
      void reply.status(202)
      return presentDelivery(delivery, await requestViews.namesOf([delivery.user_id]))
    }
  )
}
