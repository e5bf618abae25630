import type { FastifyInstance } from 'fastify'
import type { HttpContext } from '../../http-context.ts'
import type { ProviderDetail } from '../contract/network.ts'
import { presentDetail } from './present-provider.ts'

/** `GET /api/dashboard/providers/<id>` */
export function getProvider(scope: FastifyInstance, { network }: Pick<HttpContext, 'network'>): void {
  scope.get<{ Params: { id: string } }>(
    '/providers/:id',
    { config: { operation: 'viewNetwork' } },
    async ({ params, principal }): Promise<ProviderDetail> =>
      presentDetail(await network.view(principal, params.id), principal)
  )
}
