import type { FastifyInstance } from 'fastify'
import type { HttpContext } from '../../http-context.ts'
import { acceptInvitation } from './accept-invitation.ts'
import { createInvitation } from './create-invitation.ts'
import { listInvitations } from './list-invitations.ts'
import { lookAtInvitation } from './look-at-invitation.ts'
import { revokeInvitation } from './revoke-invitation.ts'

/** One-time links: to join, and to take an account over. Looking at one and using it needs no session. */
export function registerInvitations(scope: FastifyInstance, context: HttpContext): void {
  lookAtInvitation(scope, context)
  acceptInvitation(scope, context)
  listInvitations(scope, context)
  createInvitation(scope, context)
  revokeInvitation(scope, context)
}
