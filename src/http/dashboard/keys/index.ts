import type { FastifyInstance } from 'fastify'
import type { HttpContext } from '../../http-context.ts'
import { changeKey } from './change-key.ts'
import { createKey } from './create-key.ts'
import { listKeys } from './list-keys.ts'
import { revokeKey } from './revoke-key.ts'

/** People's own API keys. */
export function registerKeys(scope: FastifyInstance, context: HttpContext): void {
  listKeys(scope, context)
  createKey(scope, context)
  changeKey(scope, context)
  revokeKey(scope, context)
}
