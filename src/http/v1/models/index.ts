import type { FastifyInstance } from 'fastify'
import { getModel } from './get-model.ts'
import { listModels } from './list-models.ts'
import type { ModelsContext } from './list-online-models.ts'

export function registerModels(scope: FastifyInstance, context: ModelsContext): void {
  listModels(scope, context)
  getModel(scope, context)
}
