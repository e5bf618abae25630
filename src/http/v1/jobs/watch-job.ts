import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'
import { isIdle } from '../../../request-views/queue-outlook.ts'
import { maySeeResults } from '../../../assets/may-see.ts'
import type { Principal } from '../../../lib/principal.ts'
import type { WatchEvent } from '../../../request-views/watch-request.ts'
import type { RequestView } from '../../../request-views/view-request.ts'
import { HEARTBEAT, HEARTBEAT_EVERY_MS, sendEvents, type ServerSentEvent } from '../../event-stream.ts'
import { type ImageUrl, imageUrlFor } from '../../image-url.ts'
import { noteLooks } from '../../note-looks.ts'
import { jobError, presentEnvelope, presentJob, progressOf } from '../../openai/present-job.ts'
import { stillAuthorized } from '../../still-authorized.ts'
import { errorResponses } from '../error-schema.ts'
import { JobParams } from '../request-schemas.ts'
import type { HttpContext } from '../../http-context.ts'

/** `GET /v1/jobs/<id>/events`: the present state, then every change, until the job has ended. */
export function watchJob(scope: FastifyInstance, context: HttpContext): void {
  scope.get<{ Params: { id: string } }>('/jobs/:id/events', {
    // Whoever asks for the head alone would be sent an answer that never ends.
    exposeHeadRoute: false,
    config: { operation: 'getJob' },
    schema: {
      operationId: 'watchJob',
      tags: ['Jobs'],
      summary: 'Follow a request as server-sent events',
      description:
        'Begins with the present `status`; then `progress` (`image`, `step`, `steps`; where an engine tells no steps, and enough like it was made there to estimate how far it is, `steps` is 0, `estimated` true, and `percent` at most 95), `preview` (`image`, `b64_json`, `media_type`) and `status` as they come, at the end `result` (as a call that waited is answered) or `error`. Comments keep the connection open.',
      params: JobParams,
      response: {
        200: {
          description: 'Server-sent events.',
          content: {
            'text/event-stream': {
              schema: Type.String({ description: 'Each event is `event: <name>` and `data: <JSON>`.' })
            }
          }
        },
        ...errorResponses('not_found')
      }
    },
    handler: async (request, reply) => {
      const { id } = request.params
      const view = await context.requestViews.view(id, request.principal)
      await noteLooks(context, request.principal, [view])
      const imageUrl = imageUrlFor(request, context)
      return sendEvents(context, {
        request,
        reply,
        isOver: async () => !(await stillAuthorized(context, request)),
        events: (signal) => jobEvents(context, { id, signal, imageUrl, reader: request.principal })
      })
    }
  })
}

async function* jobEvents(
  context: HttpContext,
  watch: { id: string; signal: AbortSignal; imageUrl: ImageUrl; reader: Principal }
): AsyncGenerator<ServerSentEvent | typeof HEARTBEAT> {
  const { requestViews, durable } = context
  // What is secret is so before it is finished, too: no preview until it is known.
  let maySeePreviews = false
  for await (const event of requestViews.watch({ id: watch.id, signal: watch.signal, quietMs: HEARTBEAT_EVERY_MS })) {
    switch (event.type) {
      case 'changed':
        await noteLooks(context, watch.reader, [event.view])
        await durable()
        maySeePreviews = maySeeResults(event.view.request, watch.reader)
        yield { event: 'status', data: await statusOf(requestViews, event.view) }
        if (event.view.request.finished_at !== null) yield await outcome(event.view, watch.imageUrl)
        break
      case 'progress':
        yield { event: 'progress', data: progressData(event) }
        break
      case 'preview':
        if (!maySeePreviews) break
        yield { event: 'preview', data: { image: event.position, b64_json: event.b64, media_type: event.mediaType } }
        break
      case 'quiet':
        yield HEARTBEAT
    }
  }
}

/** Of an estimate the steps are 0 of 0, so that whoever does not know estimates takes it for nothing that was measured. */
const progressData = ({ position, step, steps, estimated }: Extract<WatchEvent, { type: 'progress' }>) => ({
  image: position,
  step,
  steps,
  ...(estimated !== undefined && { percent: estimated, estimated: true })
})

async function statusOf(requestViews: HttpContext['requestViews'], view: RequestView) {
  const queue = isIdle(view) ? await requestViews.outlookOf(view) : undefined
  return { ...presentEnvelope(view, queue), progress: progressOf(view) }
}

async function outcome(view: RequestView, imageUrl: ImageUrl): Promise<ServerSentEvent> {
  const job = await presentJob(view, { imageUrl })
  if (view.outputs.length > 0) return { event: 'result', data: job.result }
  return { event: 'error', data: { error: jobError(view) } }
}
