import type { FastifyInstance } from 'fastify'
import type { HttpContext } from '../../http-context.ts'
import { jsonObject } from '../../json-object.ts'
import type { LiveSetting } from '../contract/admin.ts'
import { presentSetting } from './present-setting.ts'

/** `PATCH /api/dashboard/settings`: changes some of them, all that are named or none. */
export function changeSettings(scope: FastifyInstance, { settings }: Pick<HttpContext, 'settings'>): void {
  scope.patch(
    '/settings',
    { config: { operation: 'manageSettings' } },
    async ({ body, principal }): Promise<LiveSetting[]> => {
      await settings.change(jsonObject(body), principal.userId)
      return (await settings.list()).map(presentSetting)
    }
  )
}
