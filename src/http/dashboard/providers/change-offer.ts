import type { FastifyInstance } from 'fastify'
import { errors } from '../../../lib/errors.ts'
import { MAX_OFFERED_NAME_CHARS } from '../../../providers/service-offers-store.ts'
import type { HttpContext } from '../../http-context.ts'
import { jsonObject } from '../../json-object.ts'
import { Fields } from '../../openai/fields.ts'
import type { ProviderDetail } from '../contract/network.ts'
import { refuseUnknown } from '../../refuse-unknown.ts'
import { presentDetail } from './present-provider.ts'

/** `PUT /api/dashboard/providers/<id>/services/<service id>/offers`: an `OfferChange` of the owner. */
export function changeOffer(scope: FastifyInstance, { network }: Pick<HttpContext, 'network'>): void {
  scope.put<{ Params: { id: string; serviceId: string } }>(
    '/providers/:id/services/:serviceId/offers',
    { config: { operation: 'manageProvider' } },
    async ({ params: { id, serviceId }, body, principal }): Promise<ProviderDetail> => {
      await network.setOffer(principal, { providerId: id, serviceId, ...parseOfferChange(body) })
      return presentDetail(await network.view(principal, id), principal)
    }
  )
}

/** Throws `invalid_request`. */
function parseOfferChange(body: unknown): { model: string; isOffered: boolean } {
  const fields = new Fields(jsonObject(body))
  const model = fields.text('model', MAX_OFFERED_NAME_CHARS)
  if (model === undefined) throw errors.invalidRequest("'model' must name a model that lies on the machine.", 'model')
  const isOffered = fields.boolean('isOffered')
  if (isOffered === undefined) throw errors.invalidRequest("'isOffered' must be true or false.", 'isOffered')
  refuseUnknown(fields)
  return { model, isOffered }
}
