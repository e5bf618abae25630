import type { FastifyInstance } from 'fastify'
import { errors } from '../../../lib/errors.ts'
import type { HttpContext } from '../../http-context.ts'

/** `DELETE /api/dashboard/invitations/<id>`: its link cannot be used any more. */
export function revokeInvitation(scope: FastifyInstance, { people }: Pick<HttpContext, 'people'>): void {
  scope.delete<{ Params: { id: string } }>(
    '/invitations/:id',
    { config: { operation: 'manageInvitations' } },
    async ({ params: { id } }, reply) => {
      if (!(await people.invitations.revoke(id))) throw errors.notFound(`An open invitation '${id}'`)
      return reply.status(204).send()
    }
  )
}
