import type { FastifyInstance } from 'fastify'
import { cancelJob } from './cancel-job.ts'
import { deleteJob } from './delete-job.ts'
import { getJob } from './get-job.ts'
import { listJobs } from './list-jobs.ts'
import { retryJob } from './retry-job.ts'
import { watchJob } from './watch-job.ts'
import type { JobsContext } from './jobs-context.ts'

export function registerJobs(scope: FastifyInstance, context: JobsContext): void {
  listJobs(scope, context)
  getJob(scope, context)
  cancelJob(scope, context)
  retryJob(scope, context)
  deleteJob(scope, context)
  watchJob(scope, context)
}
