import type { FastifyInstance } from 'fastify'
import { errors } from '../../../lib/errors.ts'
import { callerOf } from '../../auth/caller.ts'
import type { HttpContext } from '../../http-context.ts'

/**
 * `DELETE /api/dashboard/account/sessions/<id>` signs one browser out, `POST …/account/sessions/end-others` all but the one
 * that asks.
 */
export function endSessions(scope: FastifyInstance, { people, config }: Pick<HttpContext, 'people' | 'config'>): void {
  const ofAccount = { config: { operation: 'manageAccount' } } as const
  scope.delete<{ Params: { id: string } }>('/account/sessions/:id', ofAccount, async (request, reply) => {
    const { id } = request.params
    if (!(await people.account.endSession(request.principal.userId, id))) throw errors.notFound(`The session '${id}'`)
    return reply.status(204).send()
  })
  scope.post('/account/sessions/end-others', ofAccount, async (request, reply) => {
    const token = await people.sessionTokenOf(callerOf(request, config))
    if (token === undefined) throw errors.notSignedIn()
    await people.account.endOtherSessions(request.principal.userId, token)
    return reply.status(204).send()
  })
}
