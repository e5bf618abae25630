import type { FastifyInstance } from 'fastify'
import type { HttpContext } from '../../http-context.ts'
import { changeAccount } from './change-account.ts'
import { deleteAccount } from './delete-account.ts'
import { endSessions } from './end-sessions.ts'
import { getAccount } from './get-account.ts'

/** People's own accounts, but for what `/api/auth` does. */
export function registerAccount(scope: FastifyInstance, context: HttpContext): void {
  getAccount(scope, context)
  changeAccount(scope, context)
  endSessions(scope, context)
  deleteAccount(scope, context)
}
