import type { FastifyInstance } from 'fastify'
import { DAY_MS } from '../../../lib/durations.ts'
import { errors } from '../../../lib/errors.ts'
import { VISIBILITIES } from '../../../lib/visibility.ts'
import { callerOf } from '../../auth/caller.ts'
import type { HttpContext } from '../../http-context.ts'
import { jsonObject } from '../../json-object.ts'
import { Fields } from '../../openai/fields.ts'
import type { AccountInfo } from '../contract/account.ts'
import { refuseUnknown } from '../../refuse-unknown.ts'
import { mayDelete } from '../may-delete.ts'
import { type AccountContext, presentAccount } from './present-account.ts'

/** The least that is worth choosing (as `LEAST_KEPT_BYTES` for the club), and more than any disk has. */
const KEPT_BYTES = { min: 1_000_000, max: 1024 ** 5 }
const KEPT_DAYS = { min: 1, max: 36_500 }

/**
 * `PATCH /api/dashboard/account` with any of `{name, visibility, keepDays, keepBytes}`; all but the name may be null: as the club
 * has it. What keeps less than before needs `?mayDelete=true`, and is answered 409 with how much goes without it.
 */
export function changeAccount(scope: FastifyInstance, context: AccountContext & Pick<HttpContext, 'requests'>): void {
  const { people, requests, config } = context
  scope.patch('/account', { config: { operation: 'manageAccount' } }, async (request): Promise<AccountInfo> => {
    const { userId } = request.principal
    const body = jsonObject(request.body)
    const fields = new Fields(body)
    const name = fields.text('name')
    const visibility = fields.choice('visibility', VISIBILITIES)
    const keepDays = fields.integer('keepDays', KEPT_DAYS)
    const keepBytes = fields.integer('keepBytes', KEPT_BYTES)
    refuseUnknown(fields)
    const defaults = {
      ...('visibility' in body && { visibility: visibility ?? null }),
      ...('keepDays' in body && { keepMs: keepDays === undefined ? null : keepDays * DAY_MS }),
      ...('keepBytes' in body && { keepBytes: keepBytes ?? null })
    }
    const hasDefaults = Object.keys(defaults).length > 0
    if (name === undefined && !hasDefaults) throw errors.invalidRequest("'name' is required.", 'name')
    if (!mayDelete(request)) await requests.requireMayDelete({ userId, ...defaults })
    if (name !== undefined) await people.account.rename(userId, name)
    if (hasDefaults) await people.account.changeDefaults(userId, defaults)
    const token = await people.sessionTokenOf(callerOf(request, config))
    return presentAccount(context, await people.account.view(userId, token))
  })
}
