import type { FastifyRequest } from 'fastify'
import { DASHBOARD_KEY_ID } from '../lib/principal.ts'
import { callerOf } from './auth/caller.ts'
import type { HttpContext } from './http-context.ts'

/** Whether the key or the session that a call came with counts by now: answers that go on for long ask again. */
export async function stillAuthorized(
  { apiKeys, people, config }: Pick<HttpContext, 'apiKeys' | 'people' | 'config'>,
  request: FastifyRequest
): Promise<boolean> {
  const { keyId } = request.principal
  if (keyId !== DASHBOARD_KEY_ID) return apiKeys.stillCounts(keyId)
  return (await people.principalOf(callerOf(request, config))) !== undefined
}
