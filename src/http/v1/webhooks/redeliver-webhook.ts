import type { FastifyInstance } from 'fastify'
import type { HttpContext } from '../../http-context.ts'
import { errorResponses } from '../error-schema.ts'
import { idParams } from '../request-schemas.ts'
import { DeliveryResponse, presentDelivery } from './present-delivery.ts'

/** `POST /v1/webhooks/deliveries/<id>/redeliver`: once more and at once, whatever became of it. */
export function redeliverWebhook(scope: FastifyInstance, { webhooks }: Pick<HttpContext, 'webhooks'>): void {
  scope.post<{ Params: { id: string } }>('/webhooks/deliveries/:id/redeliver', {
    config: { operation: 'redeliverWebhook' },
    schema: {
      tags: ['Webhooks'],
      summary: 'Deliver a webhook again, now',
      description: 'The `webhook-id` stays. One that still waits for its next try is tried at once.',
      params: idParams('The `id` of a delivery.', 'whd_4t6ry2w8b5'),
      response: { 202: DeliveryResponse, ...errorResponses('not_found') }
    },
    handler: async (request, reply) => {
      const delivery = await webhooks.redeliver(request.params.id, request.principal.userId)
      return reply.status(202).send(presentDelivery(delivery))
    }
  })
}
