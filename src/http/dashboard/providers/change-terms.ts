import type { FastifyInstance } from 'fastify'
import type { HttpContext } from '../../http-context.ts'
import type { FoundPeople, ProviderDetail } from '../contract/network.ts'
import { Fields } from '../../openai/fields.ts'
import { searchWords } from '../../../lib/match-words.ts'
import { refuseUnknown } from '../../refuse-unknown.ts'
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

const MOST_FOUND = 50
const MOST_SEARCH_CHARACTERS = 200

/** `GET /api/dashboard/providers/<id>/people`: whom its owner can choose from, the first of them by name. */
export function findPeopleToServe(scope: FastifyInstance, { network }: Pick<HttpContext, 'network'>): void {
  scope.get<{ Params: { id: string }; Querystring: Record<string, unknown> }>(
    '/providers/:id/people',
    { config: { operation: 'manageProvider' } },
    async ({ params: { id }, query, principal }): Promise<FoundPeople> => {
      const fields = new Fields(query)
      const words = searchWords(fields.text('q', MOST_SEARCH_CHARACTERS) ?? '')
      refuseUnknown(fields)
      const people = await network.findPeople(principal, { providerId: id, words, limit: MOST_FOUND + 1 })
      return { people: people.slice(0, MOST_FOUND), hasMore: people.length > MOST_FOUND }
    }
  )
}
