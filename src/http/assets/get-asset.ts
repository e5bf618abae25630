import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { bearerOf } from '../../auth/bearer.ts'
import { AppError, errors } from '../../lib/errors.ts'
import type { AssetRow } from '../../assets/asset-store.ts'
import { formatOfMediaType, type ImageMediaType } from '../../images/media-types.ts'
import type { HttpContext } from '../http-context.ts'
import { parseRange } from './parse-range.ts'

type AssetContext = Pick<HttpContext, 'assets' | 'keyGuard' | 'config'>
type AssetRequest = FastifyRequest<{ Params: { id: string }; Querystring: Record<string, unknown> }>

/** Query parameters of the contract that this version cannot honour: refused by name, never ignored. */
const LATER_PARAMETERS = ['width', 'format']

/** `GET` and `HEAD /api/inference/assets/<id>/`: the bytes of an image, safe to show on any page. */
export function getAsset(scope: FastifyInstance, context: AssetContext): void {
  scope.route<{ Params: { id: string }; Querystring: Record<string, unknown> }>({
    // Fastify's own HEAD route would say that the image has no bytes.
    method: ['GET', 'HEAD'],
    url: '/api/inference/assets/:id',
    // Every path of the API document begins with /v1; answers hold this URL whole.
    schema: { hide: true },
    handler: (request, reply) => sendAsset(context, request, reply)
  })
}

async function sendAsset(
  { assets, keyGuard, config }: AssetContext,
  request: AssetRequest,
  reply: FastifyReply
): Promise<FastifyReply> {
  const later = LATER_PARAMETERS.find((name) => request.query[name] !== undefined)
  if (later !== undefined) throw errors.notYet(later)
  const asset = await assets.getVisible(request.params.id, () => {
    const secret = bearerOf(request)
    return secret === undefined ? undefined : keyGuard.authenticate(secret, request.ip)
  })
  const etag = `"${asset.sha256}"`
  const headers = headersOf(asset, etag, asset.kind === 'output' ? config.assetCacheControl : 'private, no-store')
  if (matches(request.headers['if-none-match'], etag)) return reply.status(304).headers(headers).send()

  const range = parseRange(rangeHeader(request, etag), asset.bytes)
  if (range === 'unsatisfiable') throw rangeNotSatisfiable(asset)
  // Opened before anything is said about it: an error must not carry the image's cache headers.
  const bytes = request.method === 'HEAD' ? undefined : await assets.openBytes(asset, range)
  void reply.headers(headers).type(asset.media_type)
  void reply.header('content-length', range ? range.end - range.start + 1 : asset.bytes)
  if (range) void reply.status(206).header('content-range', `bytes ${range.start}-${range.end}/${asset.bytes}`)
  return reply.send(bytes)
}

const headersOf = (asset: AssetRow, etag: string, cacheControl: string): Record<string, string> => ({
  etag,
  'accept-ranges': 'bytes',
  'cache-control': cacheControl,
  'last-modified': new Date(asset.created_at).toUTCString(),
  'x-content-type-options': 'nosniff',
  'content-security-policy': "default-src 'none'; sandbox",
  'cross-origin-resource-policy': 'cross-origin',
  'content-disposition': `inline; filename="${asset.id}.${formatOfMediaType(asset.media_type as ImageMediaType)}"`
})

const rangeNotSatisfiable = (asset: AssetRow): AppError =>
  new AppError({
    code: 'invalid_request',
    status: 416,
    message: `The range is outside of the image, which has ${asset.bytes} bytes.`,
    headers: { 'content-range': `bytes */${asset.bytes}`, 'cache-control': 'no-store' }
  })

const matches = (header: string | undefined, etag: string): boolean =>
  header?.split(',').some((one) => one.trim() === '*' || one.trim().replace(/^W\//, '') === etag) ?? false

/** A range of a version that the reader no longer holds is no range, and only GET knows ranges (RFC 9110 §14.2). */
function rangeHeader({ headers, method }: AssetRequest, etag: string): string | undefined {
  if (method !== 'GET') return undefined
  const ifRange = headers['if-range']
  return ifRange === undefined || ifRange === etag ? headers.range : undefined
}
