import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'
import { errorResponses } from '../error-schema.ts'
import { listOnlineModels, type ModelsContext } from './list-online-models.ts'
import { ModelResponse, presentModel } from './present-model.ts'

/** `GET /v1/models` */
export function listModels(scope: FastifyInstance, context: ModelsContext): void {
  scope.get('/models', {
    config: { operation: 'listModels' },
    schema: {
      tags: ['Models'],
      summary: 'Image models that are online for you',
      response: {
        200: Type.Object({ object: Type.Literal('list'), data: Type.Array(ModelResponse) }),
        ...errorResponses()
      }
    },
    handler: async (request) => ({
      object: 'list',
      data: (await listOnlineModels(context, request.principal)).map(presentModel)
    })
  })
}
