import type { FastifyInstance } from 'fastify'
import { errors } from '../../../lib/errors.ts'
import type { HttpContext } from '../../http-context.ts'
import { jsonObject } from '../../json-object.ts'
import { Fields } from '../../openai/fields.ts'
import type { AccountInfo } from '../contract/account.ts'
import { refuseUnknown } from '../refuse-unknown.ts'
import { presentAccount } from './present-account.ts'

/** `PATCH /api/dashboard/account` with `{name}`. */
export function renameAccount(scope: FastifyInstance, { people }: Pick<HttpContext, 'people'>): void {
  scope.patch(
    '/account',
    { config: { operation: 'manageAccount' } },
    async ({ headers, body, principal: { userId } }): Promise<AccountInfo> => {
      const fields = new Fields(jsonObject(body))
      const name = fields.text('name')
      refuseUnknown(fields)
      if (name === undefined) throw errors.invalidRequest("'name' is required.", 'name')
      await people.account.rename(userId, name)
      return presentAccount(await people.account.view(userId, await people.sessionTokenOf(headers)))
    }
  )
}
