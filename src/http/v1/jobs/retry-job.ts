import type { FastifyInstance } from 'fastify'
import { errors } from '../../../lib/errors.ts'
import { idempotencyKey } from '../../idempotency-key.ts'
import { presentEnvelope } from '../../openai/present-job.ts'
import { errorResponses } from '../error-schema.ts'
import type { JobsContext } from './jobs-context.ts'
import { JobEnvelope } from './job-schemas.ts'

/** `POST /v1/jobs/<id>/retry`: the same request once more, images it has already excepted. */
export function retryJob(scope: FastifyInstance, { requests, isDraining }: JobsContext): void {
  scope.post<{ Params: { id: string } }>('/jobs/:id/retry', {
    config: { operation: 'retryJob' },
    schema: {
      tags: ['Jobs'],
      summary: 'Run a failed or canceled request again',
      response: { 202: JobEnvelope, ...errorResponses }
    },
    handler: async (request, reply) => {
      if (isDraining()) throw errors.shuttingDown()
      const { id } = request.params
      const key = idempotencyKey(request)
      await requests.retry({ id, principal: request.principal, ...(key !== undefined && { idempotencyKey: key }) })
      return reply.status(202).send(presentEnvelope(await requests.view(id)))
    }
  })
}
