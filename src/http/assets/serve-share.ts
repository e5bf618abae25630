import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { ShareLinkRow } from '../../requests/share-link-store.ts'
import type { ClubInfo } from '../dashboard/contract/session.ts'
import type { HttpContext } from '../http-context.ts'
import { dressPage } from '../web/dress-page.ts'
import { parseImageLink } from './parse-image-link.ts'
import { SHARE_HEADERS, type SharedImage, sharePage } from './share-page.ts'

/** The address of an image by a share link; `base` is what all addresses here begin with. */
export const sharedImageUrl = (
  base: string,
  { token }: Pick<ShareLinkRow, 'token'>,
  { id }: Pick<SharedImage, 'id'>
): string => `${base}/api/inference/assets/${id}/?share=${token}`

/** The address of a page with all images of a share link. */
export const sharePageUrl = (base: string, { token, request_id: id }: ShareLinkRow): string =>
  `${base}/share/${id}?share=${token}`

/**
 * `GET /share/<request>?share=<token>`: a page with the images of a share link, for people without an account. Of a link that does
 * not count, or not any more, nothing is told but that.
 */
export function serveShare(
  scope: FastifyInstance,
  { assets, basePath, club }: Pick<HttpContext, 'assets'> & { basePath: string; club: () => ClubInfo }
): void {
  scope.get<{ Params: { id: string }; Querystring: Record<string, unknown> }>(
    '/share/:id',
    { schema: { hide: true } },
    async (request, reply) => {
      const link = shareOf(request)
      const images = link ? await assets.listShared(link) : []
      // What is no link of ours does not come into the page.
      const token = images.length > 0 && link ? link.token : ''
      const addressOf = (image: SharedImage, width?: number) =>
        sharedImageUrl(basePath, { token }, image) + (width === undefined ? '' : `&amp;width=${width}`)
      return reply
        .status(images.length === 0 ? 404 : 200)
        .headers(SHARE_HEADERS)
        .type('text/html; charset=utf-8')
        .send(dressPage(sharePage({ images, addressOf, basePath }), { ...club(), basePath }))
    }
  )
}

/** Undefined for what no link of ours can be. */
function shareOf({
  params,
  query
}: FastifyRequest<{ Params: { id: string }; Querystring: Record<string, unknown> }>):
  { requestId: string; token: string } | undefined {
  const link = parseImageLink(query)
  return link?.kind === 'share' ? { requestId: params.id, token: link.token } : undefined
}
