import type { FastifyInstance } from 'fastify'
import type { HttpContext } from '../../http-context.ts'
import type { AccountInfo } from '../contract/account.ts'
import { presentAccount } from './present-account.ts'

/** `GET /api/dashboard/account`: the reader's own, with where they are signed in. */
export function getAccount(scope: FastifyInstance, { people }: Pick<HttpContext, 'people'>): void {
  scope.get(
    '/account',
    { config: { operation: 'manageAccount' } },
    async ({ headers, principal }): Promise<AccountInfo> =>
      presentAccount(await people.account.view(principal.userId, await people.sessionTokenOf(headers)))
  )
}
