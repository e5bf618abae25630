import type { FastifyInstance } from 'fastify'
import type { HttpContext } from '../../http-context.ts'

/** `DELETE /api/dashboard/providers/<id>`: hides one that is offline until its agent connects again; history stays. */
export function forgetProvider(scope: FastifyInstance, { network }: Pick<HttpContext, 'network'>): void {
  scope.delete<{ Params: { id: string } }>(
    '/providers/:id',
    { config: { operation: 'manageProvider' } },
    async ({ params, principal }, reply) => {
      await network.forget(principal, params.id)
      return reply.status(204).send()
    }
  )
}
