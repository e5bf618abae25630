import type { FastifyInstance } from 'fastify'
import { errors } from '../../../lib/errors.ts'
import { errorResponses } from '../error-schema.ts'
import { idParams } from '../request-schemas.ts'
import { listOnlineModels, type ModelsContext } from './list-online-models.ts'
import { ModelResponse, presentModel } from './present-model.ts'

/** `GET /v1/models/<id>`: ids may hold slashes, percent-encoded or as they are (old clients do not encode them). */
export function getModel(scope: FastifyInstance, context: ModelsContext): void {
  scope.get<{ Params: { '*': string } }>('/models/*', {
    config: { operation: 'getModel' },
    schema: {
      tags: ['Models'],
      summary: 'One image model',
      params: idParams('The id of a model; slashes in it may stay as they are.', 'demo'),
      response: { 200: ModelResponse, ...errorResponses('not_found') }
    },
    handler: async (request) => {
      const id = request.params['*'].replace(/\/$/, '')
      const model = (await listOnlineModels(context, request.principal)).find((one) => one.id === id)
      if (!model) throw errors.notFound(`The model '${id}'`)
      return presentModel(model)
    }
  })
}
