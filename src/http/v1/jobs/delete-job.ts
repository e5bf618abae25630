import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'
import { errorResponses } from '../error-schema.ts'
import { JobParams } from '../request-schemas.ts'
import type { HttpContext } from '../../http-context.ts'

/** `DELETE /v1/jobs/<id>`: an ended request with its images and inputs; usage counts stay. */
export function deleteJob(scope: FastifyInstance, { requests }: HttpContext): void {
  scope.delete<{ Params: { id: string } }>('/jobs/:id', {
    config: { operation: 'deleteJob' },
    schema: {
      tags: ['Jobs'],
      summary: 'Delete an ended request and its images',
      description: 'With its inputs; usage counts stay. One that has not ended is answered 409: cancel it first.',
      params: JobParams,
      response: {
        200: Type.Object({ id: Type.String(), object: Type.Literal('inference.job'), deleted: Type.Literal(true) }),
        ...errorResponses('not_found', 'conflict')
      }
    },
    handler: async (request) => {
      const { id } = request.params
      await requests.remove({ id, userId: request.principal.userId })
      return { id, object: 'inference.job', deleted: true }
    }
  })
}
