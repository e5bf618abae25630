import type { FastifyInstance } from 'fastify'
import type { HttpContext } from '../http-context.ts'

/**
 * Counts every authenticated call of the scope, and the body it brings, against what its caller may have at once, before
 * anything is read of it. Throws `rate_limit_exceeded`.
 */
export function limitCalls(scope: FastifyInstance, { budgets }: Pick<HttpContext, 'budgets'>): void {
  scope.addHook('onRequest', async ({ raw, headers, principal, routeOptions }, reply) => {
    if (routeOptions.config.operation === undefined || reply.raw.destroyed) return
    const { userId } = principal
    reply.raw.once('close', budgets.enter('calls', userId))
    if (raw.complete) return
    const bytes = headers['content-length'] === undefined ? routeOptions.bodyLimit : Number(headers['content-length'])
    raw.once('close', budgets.enter('bytesInFlight', userId, bytes))
  })
}
