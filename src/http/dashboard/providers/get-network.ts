import type { FastifyInstance } from 'fastify'
import type { HttpContext } from '../../http-context.ts'
import type { NetworkState } from '../contract/network.ts'
import { presentProvider } from './present-provider.ts'

/** `GET /api/dashboard/network`: every provider that the reader may know of. */
export function getNetwork(scope: FastifyInstance, { network }: Pick<HttpContext, 'network'>): void {
  scope.get('/network', { config: { operation: 'viewNetwork' } }, async ({ principal }): Promise<NetworkState> => {
    const report = await network.list(principal)
    return { ...report, providers: report.providers.map(presentProvider) }
  })
}
