import type { FastifyInstance } from 'fastify'
import { ROLES } from '../../../lib/principal.ts'
import { invitationUrl } from '../../../people/invitations.ts'
import type { HttpContext } from '../../http-context.ts'
import { jsonObject } from '../../json-object.ts'
import { Fields } from '../../openai/fields.ts'
import { publicUrl } from '../../public-url.ts'
import type { CreatedInvitation } from '../contract/session.ts'

/** `POST /api/dashboard/invitations`: invites somebody new; the only answer that tells the link. */
export function createInvitation(
  scope: FastifyInstance,
  { people, config }: Pick<HttpContext, 'people' | 'config'>
): void {
  scope.post(
    '/invitations',
    { config: { operation: 'manageInvitations' } },
    async (request, reply): Promise<CreatedInvitation> => {
      const fields = new Fields(jsonObject(request.body))
      const created = await people.invitations.invite({
        email: fields.text('email'),
        role: fields.choice('role', ROLES) ?? 'member',
        createdBy: request.principal.userId
      })
      void reply.status(201)
      const { id, expiresAt } = created
      return { id, url: invitationUrl(publicUrl(request, config.publicUrl), created), expiresAt }
    }
  )
}
