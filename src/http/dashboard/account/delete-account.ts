import type { FastifyInstance } from 'fastify'
import type { HttpContext } from '../../http-context.ts'
import { jsonObject } from '../../json-object.ts'
import { Fields } from '../../openai/fields.ts'

/** `DELETE /api/dashboard/account` with `{email}`, the reader's own, so that nobody does it by accident. */
export function deleteAccount(scope: FastifyInstance, { people }: Pick<HttpContext, 'people'>): void {
  scope.delete('/account', { config: { operation: 'manageAccount' } }, async ({ body, principal }, reply) => {
    const email = new Fields(jsonObject(body)).text('email') ?? ''
    await people.account.remove(principal.userId, email)
    return reply.status(204).send()
  })
}
