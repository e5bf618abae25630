import type { FastifyInstance } from 'fastify'
import { bearerOf } from '../../auth/bearer.ts'
import { authorize } from '../../auth/permissions.ts'
import type { HttpContext } from '../http-context.ts'

/** Every route of the scope that names an operation needs an API key that may do it. */
export function authenticateRoutes(scope: FastifyInstance, { keyGuard }: Pick<HttpContext, 'keyGuard'>): void {
  scope.addHook('onRequest', async (request) => {
    const { operation } = request.routeOptions.config
    if (operation === undefined) return
    request.principal = await keyGuard.authenticate(bearerOf(request), request.reached.address)
    authorize(request.principal, operation)
  })
}
