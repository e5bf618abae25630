import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'
import type { RequestState } from '../../../requests/request-states.ts'
import { shownState, storedAs } from '../../../request-views/queue-outlook.ts'
import { hasEnded, UNFINISHED } from '../../../requests/request-states.ts'
import { imageUrlFor } from '../../image-url.ts'
import { Fields } from '../../openai/fields.ts'
import { parsePage } from '../../openai/parse-page.ts'
import { parseStatus, presentListedJob, WIRE_STATUSES } from '../../openai/present-job.ts'
import { PageOf, presentPage } from '../../openai/present-page.ts'
import { errorResponses } from '../error-schema.ts'
import { PageQuery } from '../request-schemas.ts'
import type { HttpContext } from '../../http-context.ts'
import { JobResponse } from './job-schemas.ts'

/** `GET /v1/jobs`: the caller's own, newest first. */
export function listJobs(scope: FastifyInstance, context: HttpContext): void {
  const { requestViews } = context
  scope.get<{ Querystring: Record<string, unknown> }>('/jobs', {
    config: { operation: 'listJobs' },
    schema: {
      tags: ['Jobs'],
      summary: 'Your requests, newest first',
      querystring: Type.Object({
        status: Type.Optional(Type.Enum([...WIRE_STATUSES])),
        active: Type.Optional(Type.Boolean({ description: 'Only those that wait or run.' })),
        ...PageQuery
      }),
      response: { 200: PageOf(Type.Omit(JobResponse, ['result'])), ...errorResponses() }
    },
    handler: async (request) => {
      const fields = new Fields(request.query)
      const states = parseStates(fields)
      const imageUrl = imageUrlFor(request, context)
      const { after: first, limit } = parsePage(fields)
      const jobs = []
      for (let after = first; ;) {
        const { views, hasMore } = await requestViews.list({
          userId: request.principal.userId,
          limit,
          ...(after !== undefined && { after }),
          ...(states && { states: storedAs(states) })
        })
        const outlooks = await requestViews.outlooks(views)
        for (const view of views) {
          const queue = outlooks.get(view.request.id)
          if (!states || states.includes(shownState(view, queue)))
            jobs.push(presentListedJob(view, { imageUrl, queue }))
        }
        after = views.at(-1)?.request.id
        // A page may be short; an empty one would have no id to go on from.
        if (jobs.length > 0 || !hasMore) return presentPage(jobs, hasMore)
      }
    }
  })
}

function parseStates(fields: Fields): readonly RequestState[] | undefined {
  const status = fields.choice('status', WIRE_STATUSES)
  const active = fields.boolean('active') === true
  if (status === undefined) return active ? UNFINISHED : undefined
  return [parseStatus(status)].filter((state) => !active || !hasEnded(state))
}
