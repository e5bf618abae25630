import type { FastifyInstance } from 'fastify'
import type { HttpContext } from '../../http-context.ts'
import type { SystemState } from '../contract/admin.ts'

/** `GET /api/dashboard/system`: how the server is doing, and what is wrong with it. */
export function getSystem(scope: FastifyInstance, { system }: Pick<HttpContext, 'system'>): void {
  scope.get('/system', { config: { operation: 'readSystem' } }, (): Promise<SystemState> => system())
}
