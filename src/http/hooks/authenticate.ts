import type { FastifyInstance } from 'fastify'
import { authorize } from '../../auth/permissions.ts'
import { bearerOf } from '../../auth/bearer.ts'
import type { HttpContext } from '../http-context.ts'

/** Every route of the scope that names an operation needs an API key that may do it. */
export function authenticateRoutes(scope: FastifyInstance, { apiKeys }: Pick<HttpContext, 'apiKeys'>): void {
  scope.addHook('onRequest', async (request) => {
    const { operation } = request.routeOptions.config
    if (operation === undefined) return
    request.principal = await apiKeys.authenticate(bearerOf(request))
    authorize(request.principal, operation)
  })
}
