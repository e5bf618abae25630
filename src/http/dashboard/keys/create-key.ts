import type { FastifyInstance } from 'fastify'
import type { HttpContext } from '../../http-context.ts'
import type { CreatedKey } from '../contract/keys.ts'
import { parseNewKey } from './parse-new-key.ts'
import { presentKey } from './present-key.ts'

/** `POST /api/dashboard/keys`: makes one for the caller; the only answer that tells its secrets. */
export function createKey(scope: FastifyInstance, context: Pick<HttpContext, 'apiKeys' | 'config' | 'now'>): void {
  const { apiKeys, config, now } = context
  scope.post('/keys', { config: { operation: 'createKey' } }, async (request, reply): Promise<CreatedKey> => {
    const { principal, body } = request
    const key = parseNewKey(body, { principal, now: now(), perMinute: config.rateLimit })
    const { id, secret, webhookSecret } = await apiKeys.create(key, config.limits.keysPerUser)
    const row = await apiKeys.find(id)
    if (!row) throw new Error(`the key ${id} has gone right after it was made`)
    void reply.status(201)
    return { key: presentKey(row), secret, webhookSecret }
  })
}
