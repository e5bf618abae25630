import type { FastifyInstance } from 'fastify'
import { errors } from '../../../lib/errors.ts'
import type { HttpContext } from '../../http-context.ts'
import type { CreatedKey } from '../contract/keys.ts'
import { parseNewKey } from './parse-new-key.ts'
import { presentKey } from './present-key.ts'

/** That count, per person: rates are counted per key, so their number must end somewhere. */
const MOST_KEYS = 100

/** `POST /api/dashboard/keys`: makes one for the caller; the only answer that tells its secrets. */
export function createKey(scope: FastifyInstance, context: Pick<HttpContext, 'apiKeys' | 'config' | 'now'>): void {
  const { apiKeys, config, now } = context
  scope.post('/keys', { config: { operation: 'createKey' } }, async (request, reply): Promise<CreatedKey> => {
    const { principal, body } = request
    const { userId } = principal
    const key = parseNewKey(body, { principal, now: now(), perMinute: config.rateLimit })
    const counting = (await apiKeys.list({ userId })).filter(
      ({ revoked_at, expires_at }) => revoked_at === null && (expires_at === null || expires_at > now())
    )
    if (counting.length >= MOST_KEYS) {
      throw errors.conflict(`You have ${MOST_KEYS} keys, the most there may be. Revoke one that is not used any more.`)
    }
    const { id, secret, webhookSecret } = await apiKeys.create(key)
    const row = await apiKeys.find(id)
    if (!row) throw new Error(`the key ${id} has gone right after it was made`)
    void reply.status(201)
    return { key: presentKey(row), secret, webhookSecret }
  })
}
