import type { FastifyInstance } from 'fastify'
import type { HttpContext } from '../../http-context.ts'
import { changeSettings } from './change-settings.ts'
import { listSettings } from './list-settings.ts'

/** What admins change while the server runs. */
export function registerSettings(scope: FastifyInstance, context: HttpContext): void {
  listSettings(scope, context)
  changeSettings(scope, context)
}
