import type { FastifyInstance } from 'fastify'
import type { HttpContext } from '../../http-context.ts'
import type { KeyInfo } from '../contract/keys.ts'
import { presentKey } from './present-key.ts'

/** `GET /api/dashboard/keys`: the reader's own, newest first, revoked and expired ones included. */
export function listKeys(scope: FastifyInstance, { apiKeys }: Pick<HttpContext, 'apiKeys'>): void {
  scope.get('/keys', { config: { operation: 'listKeys' } }, async ({ principal }): Promise<KeyInfo[]> => {
    const keys = await apiKeys.list({ userId: principal.userId })
    return keys.map(presentKey)
  })
}
