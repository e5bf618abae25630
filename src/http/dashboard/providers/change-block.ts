import type { FastifyInstance } from 'fastify'
import type { HttpContext } from '../../http-context.ts'
import type { ProviderDetail } from '../contract/network.ts'
import { presentDetail } from './present-provider.ts'

const CHANGES = [
  ['PUT', 'block'],
  ['DELETE', 'unblock']
] as const

/** `PUT` and `DELETE /api/dashboard/providers/<id>/blocks/<user id>`: whether it serves somebody. */
export function changeBlock(scope: FastifyInstance, { network }: Pick<HttpContext, 'network'>): void {
  for (const [method, change] of CHANGES) {
    scope.route<{ Params: { id: string; userId: string } }>({
      method,
      url: '/providers/:id/blocks/:userId',
      config: { operation: 'manageProvider' },
      handler: async ({ params: { id, userId }, principal }): Promise<ProviderDetail> => {
        await network[change](principal, { providerId: id, userId })
        return presentDetail(await network.view(principal, id), principal)
      }
    })
  }
}
