import type { FastifyInstance } from 'fastify'
import { errorResponses } from '../error-schema.ts'
import { BatchParams } from '../request-schemas.ts'
import { BatchResponse } from './batch-schemas.ts'
import type { HttpContext } from '../../http-context.ts'
import { showBatch } from './show-batch.ts'

/** `POST /v1/batches/<id>/cancel`: cancels every job that has not ended. */
export function cancelBatch(scope: FastifyInstance, context: HttpContext): void {
  scope.post<{ Params: { id: string } }>('/batches/:id/cancel', {
    config: { operation: 'cancelBatch' },
    schema: {
      tags: ['Batches'],
      summary: 'Cancel what has not ended',
      params: BatchParams,
      response: { 200: BatchResponse, ...errorResponses('not_found') }
    },
    handler: async (request) =>
      showBatch(context, await context.batches.cancel(request.params.id, request.principal.userId))
  })
}
