import type { FastifyInstance, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { toUnixSeconds } from '../../../lib/clock.ts'
import type { ShareLinkRow } from '../../../requests/share-link-store.ts'
import type { RequestView } from '../../../request-views/view-request.ts'
import { sharedImageUrl, sharePageUrl } from '../../assets/serve-share.ts'
import type { HttpContext } from '../../http-context.ts'
import { refuseUnknown } from '../../refuse-unknown.ts'
import { jsonObject } from '../../json-object.ts'
import { Fields } from '../../openai/fields.ts'
import { publicUrl } from '../../public-url.ts'
import { errorResponses } from '../error-schema.ts'
import { idParams, JobParams } from '../request-schemas.ts'

/** Ten years, in seconds. */
const MAX_EXPIRES_IN = 10 * 365 * 86_400

const ShareResponse = Type.Object({
  id: Type.String(),
  object: Type.Literal('inference.share'),
  created: Type.Integer({ description: 'Unix seconds.' }),
  expires_at: Type.Union([Type.Integer(), Type.Null()], {
    description: 'Unix seconds; null: it lasts until it is revoked.'
  }),
  page_url: Type.String({ format: 'uri', description: 'A page with all of them, for people.' }),
  urls: Type.Array(Type.String({ format: 'uri' }), {
    description: 'Of each image there is, in their order; they work in an <img> tag, without a key.'
  })
})

const ShareParams = Type.Object({
  ...JobParams.properties,
  ...Type.Object({ share: idParams('The `id` of a share link.', 'shl_6h2wq0b4n8').properties.id }).properties
})

/** `POST`, `GET /v1/jobs/<id>/shares` and `DELETE /v1/jobs/<id>/shares/<share>`: links for people without an account. */
export function shareJob(scope: FastifyInstance, { requests, requestViews, config }: HttpContext): void {
  const presentFor = async (request: FastifyRequest, id: string) => {
    const view = await requestViews.view(id, request.principal)
    const base = publicUrl(request, config.publicUrl)
    return (link: ShareLinkRow) => presentShare(link, { view, base })
  }

  scope.post<{ Params: { id: string } }>('/jobs/:id/shares', {
    config: { operation: 'shareJob' },
    schema: {
      operationId: 'shareJob',
      tags: ['Jobs'],
      summary: 'Make a link to the images of a request',
      description:
        'Whoever has it may fetch the images, whatever the visibility of the request, until it is revoked or ends. At most 20 at once.',
      params: JobParams,
      body: Type.Object(
        {
          expires_in: Type.Optional(
            Type.Integer({ minimum: 1, maximum: MAX_EXPIRES_IN, description: 'Seconds; default: until it is revoked.' })
          )
        },
        { 'x-examples': { week: { summary: 'For a week', value: { expires_in: 604_800 } } } }
      ),
      response: { 201: ShareResponse, ...errorResponses('not_found', 'conflict', 'invalid_json') }
    },
    handler: async (request, reply) => {
      const { id } = request.params
      const fields = new Fields(request.body === undefined ? {} : jsonObject(request.body))
      const expiresIn = fields.integer('expires_in', { min: 1, max: MAX_EXPIRES_IN })
      refuseUnknown(fields)
      const own = { id, userId: request.principal.userId }
      const link = await requests.share({ ...own, ...(expiresIn !== undefined && { expiresInMs: expiresIn * 1000 }) })
      return reply.status(201).send((await presentFor(request, id))(link))
    }
  })

  scope.get<{ Params: { id: string } }>('/jobs/:id/shares', {
    config: { operation: 'listShares' },
    schema: {
      operationId: 'listShares',
      tags: ['Jobs'],
      summary: 'The share links of a request',
      params: JobParams,
      response: {
        200: Type.Object({ object: Type.Literal('list'), data: Type.Array(ShareResponse) }),
        ...errorResponses('not_found')
      }
    },
    handler: async (request) => {
      const { id } = request.params
      const links = await requests.listShares({ id, userId: request.principal.userId })
      return { object: 'list', data: links.map(await presentFor(request, id)) }
    }
  })

  scope.delete<{ Params: { id: string; share: string } }>('/jobs/:id/shares/:share', {
    config: { operation: 'revokeShare' },
    schema: {
      operationId: 'revokeShare',
      tags: ['Jobs'],
      summary: 'Revoke a share link',
      description: 'Counts from the next fetch on.',
      params: ShareParams,
      response: {
        200: Type.Object({ id: Type.String(), object: Type.Literal('inference.share'), deleted: Type.Literal(true) }),
        ...errorResponses('not_found')
      }
    },
    handler: async (request) => {
      const { id, share } = request.params
      await requests.unshare({ id, userId: request.principal.userId, shareId: share })
      return { id: share, object: 'inference.share', deleted: true }
    }
  })
}

const presentShare = (link: ShareLinkRow, { view, base }: { view: RequestView; base: string }) => ({
  id: link.id,
  object: 'inference.share',
  created: toUnixSeconds(link.created_at),
  expires_at: link.expires_at === null ? null : toUnixSeconds(link.expires_at),
  page_url: sharePageUrl(base, link),
  urls: view.outputs.map((image) => sharedImageUrl(base, link, image))
})
