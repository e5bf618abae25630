import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'
import { presentStatus, WIRE_STATUSES } from '../../openai/present-job.ts'
import { errorResponses } from '../error-schema.ts'
import { JobParams } from '../request-schemas.ts'
import type { HttpContext } from '../../http-context.ts'

/** `POST /v1/jobs/<id>/cancel`: images that are finished stay. Whoever may see a request may, admins too. */
export function cancelJob(scope: FastifyInstance, { requests, requestViews }: HttpContext): void {
  scope.post<{ Params: { id: string } }>('/jobs/:id/cancel', {
    config: { operation: 'cancelJob' },
    schema: {
      tags: ['Jobs'],
      summary: 'Stop what is not done yet',
      description: 'Images that are finished stay. One that has ended is answered 200 with `canceled: false`.',
      params: JobParams,
      response: {
        200: Type.Object({ id: Type.String(), status: Type.Enum([...WIRE_STATUSES]), canceled: Type.Boolean() }),
        ...errorResponses('not_found')
      }
    },
    handler: async (request) => {
      const { id } = request.params
      await requestViews.view(id, request.principal)
      const canceled = await requests.cancel(id)
      const { request: now } = await requestViews.view(id)
      return { id, status: presentStatus(now.state), canceled }
    }
  })
}
