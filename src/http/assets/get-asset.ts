import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { AppError } from '../../lib/errors.ts'
import { formatOfMediaType, type ImageMediaType } from '../../images/media-types.ts'
import { presentError } from '../error-handler.ts'
import type { HttpContext } from '../http-context.ts'
import { parseRange } from './parse-range.ts'

/** `GET` and `HEAD /api/inference/assets/<id>/`: the bytes of an image, safe to show on any page. */
export function getAsset(scope: FastifyInstance, context: Pick<HttpContext, 'assets' | 'config'>): void {
  scope.get<{ Params: { id: string } }>('/api/inference/assets/:id', {
    schema: { tags: ['Images'], summary: 'The bytes of an image', security: [] },
    handler: (request, reply) => sendAsset(context, request, reply)
  })
}

async function sendAsset(
  { assets, config }: Pick<HttpContext, 'assets' | 'config'>,
  request: FastifyRequest<{ Params: { id: string } }>,
  reply: FastifyReply
): Promise<FastifyReply> {
  const asset = await assets.getVisible(request.params.id)
  const etag = `"${asset.sha256}"`
  void reply.headers({
    etag,
    'accept-ranges': 'bytes',
    'cache-control': config.assetCacheControl,
    'last-modified': new Date(asset.created_at).toUTCString(),
    'x-content-type-options': 'nosniff',
    'content-security-policy': "default-src 'none'; sandbox",
    'cross-origin-resource-policy': 'cross-origin',
    'content-disposition': `inline; filename="${asset.id}.${formatOfMediaType(asset.media_type as ImageMediaType)}"`
  })
  if (matches(request.headers['if-none-match'], etag)) return reply.status(304).send()

  const range = parseRange(rangeHeader(request, etag), asset.bytes)
  if (range === 'unsatisfiable') {
    void reply.header('content-range', `bytes */${asset.bytes}`)
    const error = new AppError({ code: 'invalid_request', status: 416, message: 'The range is outside of the image.' })
    return reply.status(416).header('cache-control', 'no-store').send(presentError(error))
  }
  void reply.type(asset.media_type).header('content-length', range ? range.end - range.start + 1 : asset.bytes)
  if (range) void reply.status(206).header('content-range', `bytes ${range.start}-${range.end}/${asset.bytes}`)
  if (request.method === 'HEAD') return reply.send()
  return reply.send(await assets.openBytes(asset, range))
}

const matches = (header: string | undefined, etag: string): boolean =>
  header?.split(',').some((one) => one.trim() === '*' || one.trim().replace(/^W\//, '') === etag) ?? false

/** A range of a version that the reader no longer holds is no range. */
function rangeHeader({ headers }: FastifyRequest, etag: string): string | undefined {
  const ifRange = headers['if-range']
  return ifRange === undefined || ifRange === etag ? headers.range : undefined
}
