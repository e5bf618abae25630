import type { FastifyInstance } from 'fastify'
import { errors } from '../../../lib/errors.ts'
import type { HttpContext } from '../../http-context.ts'
import type { KeyInfo } from '../contract/keys.ts'
import { presentKey } from './present-key.ts'

/** `DELETE /api/dashboard/keys/<id>`: ends one of the caller's own for good; what was revoked before stays as it is. */
export function revokeKey(scope: FastifyInstance, { apiKeys }: Pick<HttpContext, 'apiKeys'>): void {
  scope.delete<{ Params: { id: string } }>(
    '/keys/:id',
    { config: { operation: 'revokeKey' } },
    async ({ params: { id }, principal }): Promise<KeyInfo> => {
      const own = async () => {
        const key = await apiKeys.find(id)
        if (key?.user_id !== principal.userId) throw errors.notFound(`The key '${id}'`)
        return key
      }
      const key = await own()
      if (key.revoked_at !== null) return presentKey(key)
      await apiKeys.revoke(id)
      return presentKey(await own())
    }
  )
}
