import type { FastifyInstance } from 'fastify'
import { errors } from '../../../lib/errors.ts'
import { VISIBILITIES } from '../../../lib/visibility.ts'
import { callerOf } from '../../auth/caller.ts'
import type { HttpContext } from '../../http-context.ts'
import { jsonObject } from '../../json-object.ts'
import { Fields } from '../../openai/fields.ts'
import type { AccountInfo } from '../contract/account.ts'
import { refuseUnknown } from '../../refuse-unknown.ts'
import { presentAccount } from './present-account.ts'

/** `PATCH /api/dashboard/account` with `{name}`, `{visibility}` or both; a `visibility` of null is that of the club. */
export function changeAccount(
  scope: FastifyInstance,
  { people, config }: Pick<HttpContext, 'people' | 'config'>
): void {
  scope.patch('/account', { config: { operation: 'manageAccount' } }, async (request): Promise<AccountInfo> => {
    const { userId } = request.principal
    const body = jsonObject(request.body)
    const fields = new Fields(body)
    const name = fields.text('name')
    const visibility = fields.choice('visibility', VISIBILITIES)
    refuseUnknown(fields)
    const isVisibilityThere = 'visibility' in body
    if (name === undefined && !isVisibilityThere) throw errors.invalidRequest("'name' is required.", 'name')
    if (name !== undefined) await people.account.rename(userId, name)
    if (isVisibilityThere) await people.account.changeVisibility(userId, visibility ?? null)
    const token = await people.sessionTokenOf(callerOf(request, config))
    return presentAccount(await people.account.view(userId, token))
  })
}
