import type { FastifyInstance } from 'fastify'
import type { HttpContext } from '../../http-context.ts'
import { jsonObject } from '../../json-object.ts'
import type { LiveSetting } from '../contract/admin.ts'
import { mayDelete } from '../may-delete.ts'
import { presentSetting } from './present-setting.ts'

/**
 * `PATCH /api/dashboard/settings`: changes some of them, all that are named or none. What keeps less than before needs
 * `?mayDelete=true`, and is answered 409 with how much goes without it.
 */
export function changeSettings(
  scope: FastifyInstance,
  { settings, requests, config }: Pick<HttpContext, 'settings' | 'requests' | 'config'>
): void {
  scope.patch('/settings', { config: { operation: 'manageSettings' } }, async (request): Promise<LiveSetting[]> => {
    const values = jsonObject(request.body)
    const wanted = settings.look(values)
    if (!mayDelete(request)) await requests.requireMayDelete({ club: { ...config.limits, ...wanted } })
    await settings.change(values, request.principal.userId)
    return (await settings.list()).map(presentSetting)
  })
}
