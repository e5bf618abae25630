import type { FastifyInstance } from 'fastify'
import { cancelBatch } from './cancel-batch.ts'
import { createBatch } from './create-batch.ts'
import { getBatch, listBatches } from './read-batches.ts'
import type { HttpContext } from '../../http-context.ts'

export function registerBatches(scope: FastifyInstance, context: HttpContext): void {
  createBatch(scope, context)
  listBatches(scope, context)
  getBatch(scope, context)
  cancelBatch(scope, context)
}
