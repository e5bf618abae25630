import type { FastifyInstance } from 'fastify'
import type { HttpContext } from '../../http-context.ts'
import type { ProviderDetail } from '../contract/network.ts'
import { presentDetail } from './present-provider.ts'

/** `POST /api/dashboard/providers/<id>/drain` and `…/resume`: whether it gets new work. */
export function changeDrain(scope: FastifyInstance, { network }: Pick<HttpContext, 'network'>): void {
  for (const change of ['drain', 'resume'] as const) {
    scope.post<{ Params: { id: string } }>(
      `/providers/:id/${change}`,
      { config: { operation: 'manageProvider' } },
      async ({ params: { id }, principal }): Promise<ProviderDetail> => {
        await network[change](principal, id)
        return presentDetail(await network.view(principal, id), principal)
      }
    )
  }
}
