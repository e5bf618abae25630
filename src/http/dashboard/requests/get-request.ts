import type { FastifyInstance } from 'fastify'
import { DASHBOARD_KEY_ID } from '../../../lib/principal.ts'
import type { HttpContext } from '../../http-context.ts'
import type { RequestDetail } from '../contract/requests.ts'
import { noteLooks } from '../../note-looks.ts'
import { presentDetail } from './present-request.ts'

/** `GET /api/dashboard/requests/<id>`: one of the reader's own, for admins anybody's. */
export function getRequest(
  scope: FastifyInstance,
  context: Pick<HttpContext, 'requestViews' | 'apiKeys' | 'assets'>
): void {
  const { requestViews } = context
  scope.get<{ Params: { id: string } }>(
    '/requests/:id',
    { config: { operation: 'getRequest' } },
    async ({ params, principal }): Promise<RequestDetail> => {
      const view = await requestViews.view(params.id, principal)
      await noteLooks(context, principal, [view])
      const { id, user_id, api_key_id } = view.request
      return presentDetail(view, {
        owner: { id: user_id, name: (await requestViews.namesOf([user_id])).get(user_id) ?? '' },
        queue: (await requestViews.outlooks([view])).get(id),
        key: await keyOf(context, api_key_id),
        readerId: principal.userId,
        looks: user_id === principal.userId ? await context.assets.listLooks(id) : []
      })
    }
  )
}

/** Keys of programs that start with the gateway are made anew each time: of an earlier one only the id is left. */
async function keyOf({ apiKeys }: Pick<HttpContext, 'apiKeys'>, id: string): Promise<RequestDetail['key']> {
  return id === DASHBOARD_KEY_ID ? null : { id, name: (await apiKeys.find(id))?.name ?? id }
}
