import type { FastifyInstance } from 'fastify'
import { errors } from '../../../lib/errors.ts'
import { IdempotencyHeaders, idempotencyKey } from '../../idempotency-key.ts'
import { presentAccepted } from '../../openai/present-job.ts'
import { errorResponses } from '../error-schema.ts'
import { JobParams } from '../request-schemas.ts'
import type { HttpContext } from '../../http-context.ts'
import { JobEnvelope } from './job-schemas.ts'

/** `POST /v1/jobs/<id>/retry`: the same request once more, images it has already excepted. */
export function retryJob(scope: FastifyInstance, { requests, requestViews, isDraining }: HttpContext): void {
  scope.post<{ Params: { id: string } }>('/jobs/:id/retry', {
    config: { operation: 'retryJob' },
    schema: {
      tags: ['Jobs'],
      summary: 'Run a failed or canceled request again',
      description: 'The same id is queued again with fresh attempts. Images it has are kept.',
      headers: IdempotencyHeaders,
      params: JobParams,
      response: {
        202: JobEnvelope,
        ...errorResponses(
          'not_found',
          'conflict',
          'idempotency_mismatch',
          'no_provider',
          'insufficient_quota',
          'queue_full',
          'shutting_down',
          'storage_unavailable'
        )
      }
    },
    handler: async (request, reply) => {
      if (isDraining()) throw errors.shuttingDown()
      const { id } = request.params
      const key = idempotencyKey(request)
      const { principal } = request
      const { repeated } = await requests.retry({ id, principal, ...(key !== undefined && { idempotencyKey: key }) })
      const view = await requestViews.view(id)
      return reply
        .status(202)
        .send(presentAccepted(view, repeated ? { queue: await requestViews.outlookOf(view) } : undefined))
    }
  })
}
