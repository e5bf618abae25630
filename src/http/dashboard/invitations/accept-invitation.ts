import type { FastifyInstance } from 'fastify'
import type { HttpContext } from '../../http-context.ts'
import { callerOf } from '../../auth/caller.ts'
import { jsonObject } from '../../json-object.ts'
import { Fields } from '../../openai/fields.ts'
import type { Person } from '../contract/session.ts'
import { presentPerson } from '../present-person.ts'
import { readToken } from './look-at-invitation.ts'

/**
 * `POST /api/dashboard/invitations/accept`: uses a link up with a name, an address and a password; the answer signs in.
 * Tries are counted with those to sign in.
 */
export function acceptInvitation(
  scope: FastifyInstance,
  { people, config }: Pick<HttpContext, 'people' | 'config'>
): void {
  scope.post('/invitations/accept', async (request, reply): Promise<{ person: Person }> => {
    const fields = new Fields(jsonObject(request.body))
    const answer = {
      token: readToken(fields),
      name: fields.text('name') ?? '',
      email: fields.text('email') ?? '',
      password: fields.text('password') ?? ''
    }
    const { person, cookies } = await people.accept(answer, callerOf(request, config))
    void reply.header('set-cookie', cookies)
    return { person: presentPerson(person) }
  })
}
