import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { errors } from '../../../lib/errors.ts'
import type { HttpContext } from '../../http-context.ts'

type PictureRequest = FastifyRequest<{ Querystring: Record<string, unknown> }>

/**
 * `GET /api/dashboard/club/picture`: a square png, for everybody, since the page to sign in shows it. With `v`, the beginning
 * of its hash, it may be kept for good; without, it is asked for anew each time.
 */
export function getPicture(scope: FastifyInstance, { clubPicture }: Pick<HttpContext, 'clubPicture'>): void {
  scope.route<{ Querystring: Record<string, unknown> }>({
    method: ['GET', 'HEAD'],
    url: '/club/picture',
    handler: (request, reply) => sendPicture(clubPicture, request, reply)
  })
}

async function sendPicture(
  clubPicture: HttpContext['clubPicture'],
  { headers, query, method }: PictureRequest,
  reply: FastifyReply
): Promise<FastifyReply> {
  const picture = await clubPicture.find()
  if (!picture) throw errors.notFound('A picture of the club')
  const { png, sha256 } = picture
  const etag = `"${sha256}"`
  const isThis = typeof query.v === 'string' && query.v.length >= 16 && sha256.startsWith(query.v)
  void reply.headers({
    etag,
    'cache-control': isThis ? 'public, max-age=31536000, immutable' : 'no-cache',
    'content-security-policy': "default-src 'none'; sandbox",
    'x-content-type-options': 'nosniff'
  })
  if (headers['if-none-match']?.includes(etag)) return reply.status(304).send()
  void reply.type('image/png').header('content-length', png.length)
  return reply.send(method === 'HEAD' ? undefined : png)
}
