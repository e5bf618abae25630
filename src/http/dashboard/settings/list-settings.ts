import type { FastifyInstance } from 'fastify'
import type { HttpContext } from '../../http-context.ts'
import type { LiveSetting } from '../contract/admin.ts'
import { presentSetting } from './present-setting.ts'

/** `GET /api/dashboard/settings`: what may be changed while the server runs. */
export function listSettings(scope: FastifyInstance, { settings }: Pick<HttpContext, 'settings'>): void {
  scope.get('/settings', { config: { operation: 'manageSettings' } }, async (): Promise<LiveSetting[]> =>
    (await settings.list()).map(presentSetting)
  )
}
