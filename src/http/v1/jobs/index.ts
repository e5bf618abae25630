import type { FastifyInstance } from 'fastify'
import type { HttpContext } from '../../http-context.ts'
import { getJob } from './get-job.ts'
import { watchJob } from './watch-job.ts'

export type JobsContext = Pick<HttpContext, 'config' | 'requests' | 'stopping' | 'durable'>

export function registerJobs(scope: FastifyInstance, context: JobsContext): void {
  getJob(scope, context)
  watchJob(scope, context)
}
