import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'
import { errors } from '../../../lib/errors.ts'
import { VISIBILITIES } from '../../../lib/visibility.ts'
import { imageUrlFor } from '../../image-url.ts'
import { jsonObject } from '../../json-object.ts'
import { Fields } from '../../openai/fields.ts'
import { presentJob } from '../../openai/present-job.ts'
import { refuseUnknown } from '../../refuse-unknown.ts'
import { errorResponses } from '../error-schema.ts'
import { JobParams } from '../request-schemas.ts'
import { JobResponse } from './job-schemas.ts'
import type { HttpContext } from '../../http-context.ts'

/** `PATCH /v1/jobs/<id>`: who may fetch its images from now on, and whether it stays. */
export function changeJob(scope: FastifyInstance, context: HttpContext): void {
  const { requests, requestViews } = context
  scope.patch<{ Params: { id: string } }>('/jobs/:id', {
    config: { operation: 'changeJob' },
    schema: {
      tags: ['Jobs'],
      summary: 'Change who may see the images of a request, or pin it',
      description:
        'A visibility counts from the next fetch on, for thumbnails too; signed links made before end. What others have fetched they have, and caches may keep what was public. What an admin has taken down may be `PRIVATE` or `SECRET` only. What is pinned is deleted by nobody but its owner: neither when its time is over nor by how long, or how much, is kept here. It counts as before.',
      params: JobParams,
      body: Type.Object(
        {
          visibility: Type.Optional(Type.Enum([...VISIBILITIES], { description: 'Who may fetch its images.' })),
          pinned: Type.Optional(Type.Boolean({ description: 'It stays until it is deleted by hand.' }))
        },
        {
          'x-examples': {
            secret: { summary: 'For its owner alone', value: { visibility: 'SECRET' } },
            pin: { summary: 'To be kept', value: { pinned: true } }
          }
        }
      ),
      response: { 200: JobResponse, ...errorResponses('not_found', 'conflict', 'invalid_json') }
    },
    handler: async (request) => {
      const { id } = request.params
      const fields = new Fields(jsonObject(request.body))
      const visibility = fields.choice('visibility', VISIBILITIES)
      const pinned = fields.boolean('pinned')
      refuseUnknown(fields)
      if (visibility === undefined && pinned === undefined) {
        throw errors.invalidRequest("Say what is to be another: 'visibility' or 'pinned'.", 'visibility')
      }
      const change = { ...(visibility && { visibility }), ...(pinned !== undefined && { pinned }) }
      await requests.change({ id, userId: request.principal.userId, ...change })
      const view = await requestViews.view(id, request.principal)
      const queue = await requestViews.outlookOf(view)
      return presentJob(view, { imageUrl: imageUrlFor(request, context), queue })
    }
  })
}
