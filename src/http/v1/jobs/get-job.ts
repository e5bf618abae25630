import type { FastifyInstance } from 'fastify'
import { imageUrlFor } from '../../image-url.ts'
import { noteLooks } from '../../note-looks.ts'
import { presentJob } from '../../openai/present-job.ts'
import { errorResponses } from '../error-schema.ts'
import { JobParams } from '../request-schemas.ts'
import { JobResponse } from './job-schemas.ts'
import type { HttpContext } from '../../http-context.ts'

/** `GET /v1/jobs/<id>`: also of requests that were made synchronously. */
export function getJob(scope: FastifyInstance, context: HttpContext): void {
  const { requestViews } = context
  scope.get<{ Params: { id: string } }>('/jobs/:id', {
    config: { operation: 'getJob' },
    schema: {
      tags: ['Jobs'],
      summary: 'A request and what became of it',
      description: 'Also of calls that waited: their `request_id` is the id of a job.',
      params: JobParams,
      response: { 200: JobResponse, ...errorResponses('not_found') }
    },
    handler: async (request) => {
      const view = await requestViews.view(request.params.id, request.principal)
      await noteLooks(context, request.principal, [view])
      const queue = await requestViews.outlookOf(view)
      return presentJob(view, { imageUrl: imageUrlFor(request, context), queue })
    }
  })
}
