import type { FastifyInstance } from 'fastify'
import type { HttpContext } from '../../http-context.ts'
import { listDeliveries } from './list-deliveries.ts'
import { redeliverWebhook } from './redeliver-webhook.ts'

export function registerWebhooks(scope: FastifyInstance, context: Pick<HttpContext, 'webhooks'>): void {
  listDeliveries(scope, context)
  redeliverWebhook(scope, context)
}
