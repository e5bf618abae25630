import type { FastifyInstance } from 'fastify'
import { errors } from '../../../lib/errors.ts'
import type { HttpContext } from '../../http-context.ts'
import type { KeyInfo } from '../contract/keys.ts'
import { parseKeyChange } from './parse-new-key.ts'
import { presentKey } from './present-key.ts'

/** `PATCH /api/dashboard/keys/<id>`: gives one of the caller's own that is not revoked other limits, and says who sees what it makes. */
export function changeKey(scope: FastifyInstance, { apiKeys, config }: Pick<HttpContext, 'apiKeys' | 'config'>): void {
  scope.patch<{ Params: { id: string } }>(
    '/keys/:id',
    { config: { operation: 'changeKey' } },
    async ({ params: { id }, body, principal }): Promise<KeyInfo> => {
      const { userId } = principal
      const own = async () => {
        const key = await apiKeys.find(id)
        if (key?.user_id !== userId) throw errors.notFound(`The key '${id}'`)
        return key
      }
      const key = await own()
      const change = parseKeyChange(body, { principal, perMinute: config.rateLimit, present: key.rate_limit })
      if (!(await apiKeys.change({ id, userId }, change))) {
        throw errors.conflict(`The key '${key.name}' is revoked: it cannot be changed any more.`)
      }
      return presentKey(await own())
    }
  )
}
