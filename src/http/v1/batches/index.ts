import type { FastifyInstance } from 'fastify'
import type { HttpContext } from '../../http-context.ts'
import { cancelBatch } from './cancel-batch.ts'
import { createBatch } from './create-batch.ts'
import { getBatch, listBatches } from './read-batches.ts'

export type BatchesContext = Pick<HttpContext, 'batches' | 'assets' | 'config' | 'isDraining'>

export function registerBatches(scope: FastifyInstance, context: BatchesContext): void {
  createBatch(scope, context)
  listBatches(scope, context)
  getBatch(scope, context)
  cancelBatch(scope, context)
}
