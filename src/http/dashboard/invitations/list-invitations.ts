import type { FastifyInstance } from 'fastify'
import type { HttpContext } from '../../http-context.ts'
import type { Invitation } from '../contract/session.ts'
import { presentInvitation } from './present-invitation.ts'

/** `GET /api/dashboard/invitations`: newest first, used, revoked and expired ones included. */
export function listInvitations(scope: FastifyInstance, { people, now }: Pick<HttpContext, 'people' | 'now'>): void {
  scope.get('/invitations', { config: { operation: 'manageInvitations' } }, async (): Promise<Invitation[]> => {
    const invitations = await people.invitations.list()
    return invitations.map((invitation) => presentInvitation(invitation, now()))
  })
}
