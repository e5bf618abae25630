import type { FastifyInstance } from 'fastify'
import type { HttpContext } from '../../http-context.ts'
import { getSystem } from './get-system.ts'
import { listDeliveries } from './list-deliveries.ts'
import { listErrors } from './list-errors.ts'
import { redeliverWebhook } from './redeliver-webhook.ts'

/** How the server is doing, what failed, and whom it told. */
export function registerSystem(scope: FastifyInstance, context: HttpContext): void {
  getSystem(scope, context)
  listErrors(scope, context)
  listDeliveries(scope, context)
  redeliverWebhook(scope, context)
}
