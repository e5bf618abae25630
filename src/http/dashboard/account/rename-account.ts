import type { FastifyInstance } from 'fastify'
import { errors } from '../../../lib/errors.ts'
import { callerOf } from '../../auth/caller.ts'
import type { HttpContext } from '../../http-context.ts'
import { jsonObject } from '../../json-object.ts'
import { Fields } from '../../openai/fields.ts'
import type { AccountInfo } from '../contract/account.ts'
import { refuseUnknown } from '../refuse-unknown.ts'
import { presentAccount } from './present-account.ts'

/** `PATCH /api/dashboard/account` with `{name}`. */
export function renameAccount(
  scope: FastifyInstance,
  { people, config }: Pick<HttpContext, 'people' | 'config'>
): void {
  scope.patch('/account', { config: { operation: 'manageAccount' } }, async (request): Promise<AccountInfo> => {
    const { userId } = request.principal
    const fields = new Fields(jsonObject(request.body))
    const name = fields.text('name')
    refuseUnknown(fields)
    if (name === undefined) throw errors.invalidRequest("'name' is required.", 'name')
    await people.account.rename(userId, name)
    const token = await people.sessionTokenOf(callerOf(request, config))
    return presentAccount(await people.account.view(userId, token))
  })
}
