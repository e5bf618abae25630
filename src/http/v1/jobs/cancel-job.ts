import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'
import { presentStatus } from '../../openai/present-job.ts'
import { errorResponses } from '../error-schema.ts'
import type { JobsContext } from './jobs-context.ts'

/** `POST /v1/jobs/<id>/cancel`: images that are finished stay. Admins may cancel anybody's. */
export function cancelJob(scope: FastifyInstance, { requests }: JobsContext): void {
  scope.post<{ Params: { id: string } }>('/jobs/:id/cancel', {
    config: { operation: 'cancelJob' },
    schema: {
      tags: ['Jobs'],
      summary: 'Stop what is not done yet',
      response: {
        200: Type.Object({ id: Type.String(), status: Type.String(), canceled: Type.Boolean() }),
        ...errorResponses
      }
    },
    handler: async (request) => {
      const { id } = request.params
      await requests.view(id, request.principal)
      const canceled = await requests.cancel(id)
      const { request: now } = await requests.view(id)
      return { id, status: presentStatus(now.state), canceled }
    }
  })
}
