import type { FastifyInstance } from 'fastify'
import { seesOthers } from '../../../assets/may-see.ts'
import type { HttpContext } from '../../http-context.ts'
import type { FilterOptions } from '../contract/requests.ts'

/** `GET /api/dashboard/filters`: what the lists of requests can be narrowed to. */
export function listFilters(
  scope: FastifyInstance,
  context: Pick<HttpContext, 'requestViews' | 'users' | 'config'>
): void {
  const { requestViews, users, config } = context
  scope.get('/filters', { config: { operation: 'listFilters' } }, async ({ principal }): Promise<FilterOptions> => {
    const people = seesOthers(principal, config.limits) ? await users.listUsers() : []
    return {
      ...(await requestViews.filterOptions(principal)),
      owners: people.map(({ id, name }) => ({ id, name }))
    }
  })
}
