import type { FastifyInstance } from 'fastify'
import { invitationUrl } from '../../../people/invitations.ts'
import { errors } from '../../../lib/errors.ts'
import type { HttpContext } from '../../http-context.ts'
import { publicUrl } from '../../public-url.ts'
import type { CreatedInvitation } from '../contract/session.ts'

/**
 * `POST /api/dashboard/people/<id>/link`: a one-time link with which somebody who is here sets a password: the first one, or
 * a new one in place of one forgotten. The only answer that tells it; older ones for them no longer work.
 */
export function linkPerson(scope: FastifyInstance, { people, config }: Pick<HttpContext, 'people' | 'config'>): void {
  scope.post<{ Params: { id: string } }>(
    '/people/:id/link',
    { config: { operation: 'managePeople' } },
    async (request, reply): Promise<CreatedInvitation> => {
      const { id: userId } = request.params
      const [person] = await people.list({ userId })
      if (!person) throw errors.notFound(`The person '${userId}'`)
      if (person.disabled_at !== null) throw errors.conflict('They are shut out. Let them in again first.')
      const created = await people.invitations.offerAccount({ userId, createdBy: request.principal.userId })
      void reply.status(201).header('cache-control', 'no-store')
      return {
        id: created.id,
        url: invitationUrl(publicUrl(request, config.publicUrl), created),
        expiresAt: created.expiresAt
      }
    }
  )
}
