import type { FastifyInstance } from 'fastify'
import { cancelJob } from './cancel-job.ts'
import { changeJob } from './change-job.ts'
import { deleteJob } from './delete-job.ts'
import { exportJobs } from './export-jobs.ts'
import { getJob } from './get-job.ts'
import { listJobs } from './list-jobs.ts'
import { retryJob } from './retry-job.ts'
import { shareJob } from './share-job.ts'
import { watchJob } from './watch-job.ts'
import type { HttpContext } from '../../http-context.ts'

export function registerJobs(scope: FastifyInstance, context: HttpContext): void {
  listJobs(scope, context)
  exportJobs(scope, context)
  getJob(scope, context)
  changeJob(scope, context)
  shareJob(scope, context)
  cancelJob(scope, context)
  retryJob(scope, context)
  deleteJob(scope, context)
  watchJob(scope, context)
}
