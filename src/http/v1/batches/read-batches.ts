import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'
import { Fields } from '../../openai/fields.ts'
import { parsePage } from '../../openai/parse-page.ts'
import { PageOf, presentPage } from '../../openai/present-page.ts'
import { errorResponses } from '../error-schema.ts'
import { BatchParams, PageQuery } from '../request-schemas.ts'
import { BatchResponse } from './batch-schemas.ts'
import type { HttpContext } from '../../http-context.ts'
import { showBatch, showBatches } from './show-batch.ts'

/** `GET /v1/batches`: the caller's own, newest first. */
export function listBatches(scope: FastifyInstance, context: HttpContext): void {
  scope.get<{ Querystring: Record<string, unknown> }>('/batches', {
    config: { operation: 'listBatches' },
    schema: {
      tags: ['Batches'],
      summary: 'Your batches, newest first',
      querystring: Type.Object(PageQuery),
      response: { 200: PageOf(BatchResponse), ...errorResponses() }
    },
    handler: async (request) => {
      const page = parsePage(new Fields(request.query))
      const { views, hasMore } = await context.batches.list({ userId: request.principal.userId, ...page })
      return presentPage(await showBatches(context, views), hasMore)
    }
  })
}

/** `GET /v1/batches/<id>` */
export function getBatch(scope: FastifyInstance, context: HttpContext): void {
  scope.get<{ Params: { id: string } }>('/batches/:id', {
    config: { operation: 'getBatch' },
    schema: {
      tags: ['Batches'],
      summary: 'A batch and its jobs',
      params: BatchParams,
      response: { 200: BatchResponse, ...errorResponses('not_found') }
    },
    handler: async (request) =>
      showBatch(context, await context.batches.view(request.params.id, request.principal.userId))
  })
}
