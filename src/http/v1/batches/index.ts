import type { FastifyInstance } from 'fastify'
import { cancelBatch } from './cancel-batch.ts'
import { createBatch } from './create-batch.ts'
import { getBatch, listBatches } from './read-batches.ts'
import type { BatchesContext } from './batches-context.ts'

export function registerBatches(scope: FastifyInstance, context: BatchesContext): void {
  createBatch(scope, context)
  listBatches(scope, context)
  getBatch(scope, context)
  cancelBatch(scope, context)
}
