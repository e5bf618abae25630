import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'
import type { HttpContext } from '../../http-context.ts'
import { Fields } from '../../openai/fields.ts'
import { parsePage } from '../../openai/parse-page.ts'
import { PageOf, presentPage } from '../../openai/present-page.ts'
import { errorResponses } from '../error-schema.ts'
import { PageQuery } from '../request-schemas.ts'
import { DELIVERY_STATUSES, DeliveryResponse, parseDeliveryStatus, presentDelivery } from './present-delivery.ts'

/** `GET /v1/webhooks/deliveries`: the caller's own, newest first. */
export function listDeliveries(scope: FastifyInstance, { webhooks }: Pick<HttpContext, 'webhooks'>): void {
  scope.get<{ Querystring: Record<string, unknown> }>('/webhooks/deliveries', {
    config: { operation: 'listWebhookDeliveries' },
    schema: {
      tags: ['Webhooks'],
      summary: 'What was sent to your webhook URLs, newest first',
      querystring: Type.Object({
        job: Type.Optional(Type.String({ maxLength: 100, description: 'Only those of this job.' })),
        status: Type.Optional(Type.Enum([...DELIVERY_STATUSES])),
        ...PageQuery
      }),
      response: { 200: PageOf(DeliveryResponse), ...errorResponses() }
    },
    handler: async (request) => {
      const fields = new Fields(request.query)
      const requestId = fields.text('job', 100)
      const status = fields.choice('status', DELIVERY_STATUSES)
      const { deliveries, hasMore } = await webhooks.listDeliveries({
        userId: request.principal.userId,
        ...parsePage(fields),
        ...(requestId !== undefined && { requestId }),
        ...(status !== undefined && { state: parseDeliveryStatus(status) })
      })
      return presentPage(deliveries.map(presentDelivery), hasMore)
    }
  })
}
