import type { FastifyInstance } from 'fastify'
import type { Operation } from '../../auth/permissions.ts'
import type { HttpContext } from '../http-context.ts'

/** Operations that store the images they bring. */
const STORING: readonly Operation[] = ['editImage', 'varyImage', 'createBatch']

/** Operations from which images are made. */
const WORKING: readonly Operation[] = [...STORING, 'createImage', 'retryJob']

/**
 * Counts every authenticated call of the scope, and the body it brings, against what its caller may have at once, before
 * anything is read of it. Whoever has no room for images sends none, and nobody does while the server has none. Throws
 * `rate_limit_exceeded`, `insufficient_quota` and `storage_unavailable`.
 */
export function limitCalls(
  scope: FastifyInstance,
  { budgets, requests, requireDiskRoom }: Pick<HttpContext, 'budgets' | 'requests' | 'requireDiskRoom'>
): void {
  scope.addHook('onRequest', async ({ raw, headers, principal, routeOptions }, reply) => {
    if (routeOptions.config.operation === undefined || reply.raw.destroyed) return
    if (WORKING.includes(routeOptions.config.operation)) requireDiskRoom()
    const { userId } = principal
    reply.raw.once('close', budgets.enter('calls', userId))
    if (raw.complete) return
    if (STORING.includes(routeOptions.config.operation)) await requests.requireStorageRoom(userId)
    const bytes = headers['content-length'] === undefined ? routeOptions.bodyLimit : Number(headers['content-length'])
    raw.once('close', budgets.enter('bytesInFlight', userId, bytes))
  })
}
