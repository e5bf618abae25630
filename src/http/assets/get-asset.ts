import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { bearerOf } from '../../auth/bearer.ts'
import { authorize } from '../../auth/permissions.ts'
import { AppError } from '../../lib/errors.ts'
import type { Principal } from '../../lib/principal.ts'
import type { AssetRow, ReadableAsset } from '../../assets/asset-store.ts'
import { isForEverybody } from '../../assets/may-see.ts'
import { chooseThumbnail, type SizedBytes, type ThumbnailKind } from '../../assets/thumbnails.ts'
import { formatOfMediaType, type ImageMediaType, mediaTypeOfFormat } from '../../images/media-types.ts'
import { callerOf } from '../auth/caller.ts'
import { callerLeft } from '../caller-left.ts'
import type { HttpContext } from '../http-context.ts'
import { onceDelivered } from '../once-delivered.ts'
import { parseImageLink } from './parse-image-link.ts'
import { parseRange } from './parse-range.ts'
import { parseThumbnail } from './parse-thumbnail.ts'
import { AssetSchema } from './asset-schema.ts'

type AssetContext = Pick<
  HttpContext,
  'assets' | 'thumbnails' | 'deliveryLinks' | 'keyGuard' | 'people' | 'config' | 'requests' | 'logger' | 'now'
>
type AssetRequest = FastifyRequest<{ Params: { id: string }; Querystring: Record<string, unknown> }>

/**
 * `GET` and `HEAD /api/inference/assets/<id>/`: the bytes of an image, safe to show on any page; with `width` or `format`
 * those of a thumbnail of it.
 */
export function getAsset(scope: FastifyInstance, context: AssetContext): void {
  scope.route<{ Params: { id: string }; Querystring: Record<string, unknown> }>({
    // Fastify's own HEAD route would say that the image has no bytes.
    method: ['GET', 'HEAD'],
    url: '/:id',
    schema: AssetSchema,
    handler: (request, reply) => sendAsset(context, request, reply)
  })
}

async function sendAsset(context: AssetContext, request: AssetRequest, reply: FastifyReply): Promise<FastifyReply> {
  const { assets, thumbnails, config, now } = context
  const wish = parseThumbnail(request.query)
  const asset = await assets.getVisible(request.params.id, {
    whoReads: () => readerOf(context, request),
    link: parseImageLink(request.query)
  })
  const kind = chooseThumbnail(asset, wish)
  const etag = etagOf(asset, kind)
  const cacheControl = cacheControlOf(asset, { config, now: now() })
  const headers = { ...headersOf(asset, kind), etag, 'cache-control': cacheControl }
  if (matches(request.headers['if-none-match'], etag)) return reply.status(304).headers(headers).send()

  const image: SizedBytes = kind
    ? await thumbnails.get(asset, kind, callerLeft(reply))
    : { bytes: asset.bytes, storageKey: asset.storage_key, open: (range) => assets.openBytes(asset, range) }
  const link = await linkFor(context, request, { asset, kind, image, cacheControl })
  if (link !== undefined) return reply.headers({ ...UNSNIFFED, 'cache-control': 'no-store' }).redirect(link, 302)
  const range = parseRange(rangeHeader(request, etag), image.bytes)
  if (range === 'unsatisfiable') throw rangeNotSatisfiable(image.bytes)
  // Opened before anything is said about it: an error must not carry the image's cache headers.
  const bytes = request.method === 'HEAD' ? undefined : await image.open(range)
  void reply.headers(headers).type(mediaTypeOfFormat(formatOf(asset, kind)))
  void reply.header('content-length', range ? range.end - range.start + 1 : image.bytes)
  if (range) void reply.status(206).header('content-range', `bytes ${range.start}-${range.end}/${image.bytes}`)
  // Of an image that is fetched in parts the last one counts.
  const isLast = range === undefined || range.end === image.bytes - 1
  if (asset.isOnce && !kind && bytes && isLast)
    onceDelivered(context, reply, { id: asset.request_id, assetId: asset.id })
  return reply.send(bytes)
}

/**
 * Where to send whoever may see the image; undefined when the bytes go through here. So do those that a script of a page asks
 * for: it may read what comes from elsewhere only if the store allows its origin.
 */
async function linkFor(
  { deliveryLinks }: AssetContext,
  { method, headers }: AssetRequest,
  sent: { asset: ReadableAsset; kind: ThumbnailKind | undefined; image: SizedBytes; cacheControl: string }
): Promise<string | undefined> {
  const { asset, kind, image, cacheControl } = sent
  // Its next fetch is to be refused when its visibility has changed, which a link of the store knows nothing of.
  if (asset.kind === 'output' && !isForEverybody(asset)) return undefined
  // What is gone when it was delivered has to be seen being delivered.
  if (asset.isOnce) return undefined
  if (method !== 'GET' || image.storageKey === undefined || isScript(headers)) return undefined
  return deliveryLinks.find(asset, image.storageKey, {
    contentType: mediaTypeOfFormat(formatOf(asset, kind)),
    contentDisposition: dispositionOf(asset, kind),
    cacheControl
  })
}

/** In a browser: other programs may send the mode, too, and no site. */
const isScript = (headers: AssetRequest['headers']): boolean =>
  headers['sec-fetch-mode'] === 'cors' && headers['sec-fetch-site'] !== undefined

/** By key or, in the dashboard, by session; what may not read a request may not read its inputs either. */
async function readerOf(
  { keyGuard, people, config }: AssetContext,
  request: AssetRequest
): Promise<Principal | undefined> {
  const secret = bearerOf(request)
  const reader =
    secret === undefined
      ? await people.principalOf(callerOf(request, config))
      : await keyGuard.authenticate(secret, request.reached.address)
  if (reader) authorize(reader, 'getJob')
  return reader
}

const formatOf = (asset: AssetRow, kind?: ThumbnailKind) =>
  kind?.format ?? formatOfMediaType(asset.media_type as ImageMediaType)

/** What is not for everybody is kept by the reader's browser at most, which asks each time whether it still may be seen. */
const cacheControlOf = (
  asset: ReadableAsset,
  { config, now }: { config: Pick<HttpContext['config'], 'assetCacheControl'>; now: number }
) => {
  if (asset.isOnce) return 'private, no-store'
  // No cache keeps it for longer than it is here.
  if (isForEverybody(asset) && asset.expiresAt !== null) {
    return `public, max-age=${Math.max(0, Math.floor((asset.expiresAt - now) / 1000))}`
  }
  if (isForEverybody(asset)) return config.assetCacheControl
  return asset.kind === 'output' && asset.visibility === 'PRIVATE' ? 'private, no-cache' : 'private, no-store'
}

const etagOf = ({ sha256 }: AssetRow, kind?: ThumbnailKind): string =>
  kind ? `"${sha256}-${kind.width}-${kind.format}"` : `"${sha256}"`

const dispositionOf = (asset: AssetRow, kind?: ThumbnailKind): string =>
  `inline; filename="${asset.id}.${formatOf(asset, kind)}"`

/** Whatever it may be taken for, it is no page and runs nothing; other pages may show it. */
const UNSNIFFED = {
  'x-content-type-options': 'nosniff',
  'content-security-policy': "default-src 'none'; sandbox",
  'cross-origin-resource-policy': 'cross-origin'
}

const headersOf = (asset: AssetRow, kind?: ThumbnailKind): Record<string, string> => ({
  ...UNSNIFFED,
  'accept-ranges': 'bytes',
  'last-modified': new Date(asset.created_at).toUTCString(),
  'content-disposition': dispositionOf(asset, kind)
})

const rangeNotSatisfiable = (bytes: number): AppError =>
  new AppError({
    code: 'invalid_request',
    status: 416,
    message: `The range is outside of the image, which has ${bytes} bytes.`,
    headers: { 'content-range': `bytes */${bytes}`, 'cache-control': 'no-store' }
  })

const matches = (header: string | undefined, etag: string): boolean =>
  header?.split(',').some((one) => one.trim() === '*' || one.trim().replace(/^W\//, '') === etag) ?? false

/** A range of a version that the reader no longer holds is no range, and only GET knows ranges (RFC 9110 §14.2). */
function rangeHeader({ headers, method }: AssetRequest, etag: string): string | undefined {
  if (method !== 'GET') return undefined
  const ifRange = headers['if-range']
  return ifRange === undefined || ifRange === etag ? headers.range : undefined
}
