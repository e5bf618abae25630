import { Readable } from 'node:stream'
import type { FastifyInstance } from 'fastify'
import { answerEnd } from '../../answer-end.ts'
import { Fields } from '../../openai/fields.ts'
import type { HttpContext } from '../../http-context.ts'
import { refuseUnknown } from '../../refuse-unknown.ts'
import { stillAuthorized } from '../../still-authorized.ts'
import { errorResponses } from '../error-schema.ts'

type ExportContext = Pick<
  HttpContext,
  'requestViews' | 'budgets' | 'stopping' | 'onRightsChange' | 'apiKeys' | 'people' | 'config' | 'now'
>

/** `GET /v1/export`: all that the caller has here, as an archive that is made while it is sent. */
export function exportJobs(scope: FastifyInstance, context: ExportContext): void {
  const { requestViews, now } = context
  scope.get<{ Querystring: Record<string, unknown> }>('/export', {
    // Whoever asks for the head alone would be sent all of it.
    exposeHeadRoute: false,
    config: { operation: 'exportJobs' },
    schema: {
      tags: ['Jobs'],
      summary: 'All your images, with your requests',
      description:
        'A ZIP archive: `images/<day>/<request>-1.png` and so on, source images and masks too, as they are stored; `requests-0001.ndjson` and so on with what was asked; at the end `export.json`, without which it is not whole. What is gone is told there with `"file": null`. One at a time.',
      response: {
        200: {
          description: 'The archive. Its length is not known before.',
          content: { 'application/zip': { schema: { type: 'string', contentMediaType: 'application/zip' } } }
        },
        ...errorResponses('storage_unavailable')
      }
    },
    handler: async (request, reply) => {
      refuseUnknown(new Fields(request.query))
      const { userId: id, email } = request.principal
      const isOver = async () => !(await stillAuthorized(context, request))
      const signal = answerEnd(context, { request, reply, isOver, budget: 'exports' })
      const day = new Date(now()).toISOString().slice(0, 10)
      return reply
        .headers({
          'content-type': 'application/zip',
          'content-disposition': `attachment; filename="inference-club-${day}.zip"`,
          'cache-control': 'no-store',
          // Asks nginx not to collect it before passing it on.
          'x-accel-buffering': 'no'
        })
        .send(Readable.from(requestViews.export({ person: { id, email }, signal }), { objectMode: false, signal }))
    }
  })
}
