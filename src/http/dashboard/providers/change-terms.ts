import type { FastifyInstance } from 'fastify'
import type { HttpContext } from '../../http-context.ts'
import type { PersonName, ProviderDetail } from '../contract/network.ts'
import { parseTerms } from './parse-terms.ts'
import { presentDetail } from './present-provider.ts'

/** `PUT /api/dashboard/providers/<id>/services/<service id>/terms`: whom a service serves, by the word of its owner. */
export function changeTerms(scope: FastifyInstance, { network }: Pick<HttpContext, 'network'>): void {
  scope.put<{ Params: { id: string; serviceId: string } }>(
    '/providers/:id/services/:serviceId/terms',
    { config: { operation: 'manageProvider' } },
    async ({ params: { id, serviceId }, body, principal }): Promise<ProviderDetail> => {
      await network.setTerms(principal, { providerId: id, serviceId, ...parseTerms(body) })
      return presentDetail(await network.view(principal, id), principal)
    }
  )
}

/** `GET /api/dashboard/providers/<id>/people`: whom its owner can choose from. */
export function listPeopleToServe(scope: FastifyInstance, { network }: Pick<HttpContext, 'network'>): void {
  scope.get<{ Params: { id: string } }>(
    '/providers/:id/people',
    { config: { operation: 'manageProvider' } },
    ({ params: { id }, principal }): Promise<PersonName[]> => network.listPeople(principal, id)
  )
}
