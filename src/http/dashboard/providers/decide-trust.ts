import type { FastifyInstance } from 'fastify'
import type { HttpContext } from '../../http-context.ts'
import type { ProviderDetail } from '../contract/network.ts'
import { presentDetail } from './present-provider.ts'

const DECISIONS = [
  ['approve', 'approve'],
  ['block', 'shutOut'],
  ['unblock', 'letBack']
] as const

/** `POST /api/dashboard/providers/<id>/approve`, `…/block` and `…/unblock`: an admin's word on whether it serves others. */
export function decideTrust(scope: FastifyInstance, { network }: Pick<HttpContext, 'network'>): void {
  for (const [path, word] of DECISIONS) {
    scope.post<{ Params: { id: string } }>(
      `/providers/:id/${path}`,
      { config: { operation: 'decideTrust' } },
      async ({ params: { id }, principal }): Promise<ProviderDetail> => {
        await network.decide(principal, id, word)
        return presentDetail(await network.view(principal, id), principal)
      }
    )
  }
}
