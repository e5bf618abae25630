import type { FastifyInstance } from 'fastify'
import { callerOf } from '../../auth/caller.ts'
import type { AccountInfo } from '../contract/account.ts'
import { type AccountContext, presentAccount } from './present-account.ts'

/** `GET /api/dashboard/account`: the reader's own, with where they are signed in. */
export function getAccount(scope: FastifyInstance, context: AccountContext): void {
  const { people, config } = context
  scope.get('/account', { config: { operation: 'manageAccount' } }, async (request): Promise<AccountInfo> => {
    const token = await people.sessionTokenOf(callerOf(request, config))
    return presentAccount(context, await people.account.view(request.principal.userId, token))
  })
}
