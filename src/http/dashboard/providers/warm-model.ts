import type { FastifyInstance } from 'fastify'
import { errors } from '../../../lib/errors.ts'
import type { HttpContext } from '../../http-context.ts'
import { jsonObject } from '../../json-object.ts'
import { Fields } from '../../openai/fields.ts'
import { refuseUnknown } from '../../refuse-unknown.ts'
import type { ProviderDetail } from '../contract/network.ts'
import { presentDetail } from './present-provider.ts'

/** As long as an agent may name a model. */
const MAX_MODEL_CHARS = 200

/** `PUT /api/dashboard/providers/<id>/services/<service id>/warms`: a `WarmWish` of the owner. */
export function warmModel(scope: FastifyInstance, { network }: Pick<HttpContext, 'network'>): void {
  scope.put<{ Params: { id: string; serviceId: string } }>(
    '/providers/:id/services/:serviceId/warms',
    { config: { operation: 'manageProvider' } },
    async ({ params: { id, serviceId }, body, principal }): Promise<ProviderDetail> => {
      await network.warm(principal, { providerId: id, serviceId, model: parseWish(body) })
      return presentDetail(await network.view(principal, id), principal)
    }
  )
}

/** Throws `invalid_request`. */
function parseWish(body: unknown): string {
  const fields = new Fields(jsonObject(body))
  const model = fields.text('model', MAX_MODEL_CHARS)
  if (model === undefined) throw errors.invalidRequest("'model' must name a model of the service.", 'model')
  refuseUnknown(fields)
  return model
}
