import type { FastifyInstance } from 'fastify'
import { errors } from '../../../lib/errors.ts'
import type { HttpContext } from '../../http-context.ts'
import type { PersonInfo } from '../contract/admin.ts'
import { parsePersonChange } from './parse-person-change.ts'
import { presentPeople } from './present-person-info.ts'

/** `PATCH /api/dashboard/people/<id>`: role, access and limits of somebody; all counts at once. */
export function changePerson(scope: FastifyInstance, context: Pick<HttpContext, 'people' | 'usage' | 'now'>): void {
  const { people } = context
  scope.patch<{ Params: { id: string } }>(
    '/people/:id',
    { config: { operation: 'managePeople' } },
    async ({ params: { id: userId }, body, principal }): Promise<PersonInfo> => {
      await people.change({ userId, by: principal.userId, change: parsePersonChange(body) })
      const [person] = await presentPeople(context, await people.list({ userId }))
      if (!person) throw errors.notFound(`The person '${userId}'`)
      return person
    }
  )
}
