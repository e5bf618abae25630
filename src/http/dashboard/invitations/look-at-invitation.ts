import type { FastifyInstance } from 'fastify'
import { errors } from '../../../lib/errors.ts'
import type { HttpContext } from '../../http-context.ts'
import { jsonObject } from '../../json-object.ts'
import { Fields } from '../../openai/fields.ts'
import type { InvitationLook } from '../contract/session.ts'

const MOST_TOKEN_CHARACTERS = 200

/** `POST /api/dashboard/invitations/look`: what a link is for; it stays unused. */
export function lookAtInvitation(scope: FastifyInstance, { people }: Pick<HttpContext, 'people'>): void {
  scope.post('/invitations/look', async ({ body }): Promise<InvitationLook> =>
    people.invitations.look(readToken(new Fields(jsonObject(body))))
  )
}

/** Throws `invitation_invalid`. */
export function readToken(fields: Fields): string {
  const token = fields.text('token', MOST_TOKEN_CHARACTERS)
  if (token === undefined) throw errors.invitationInvalid('This link is not complete.')
  return token
}
