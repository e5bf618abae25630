import type { FastifyRequest } from 'fastify'
import type { AssetRow } from '../assets/asset-store.ts'
import { isForEverybody, isForLinks, maySee } from '../assets/may-see.ts'
import type { RequestRow } from '../requests/request-store.ts'
import type { HttpContext } from './http-context.ts'
import { publicUrl } from './public-url.ts'

/** Where an image of a request that is stored here is fetched from. */
export type ImageUrl = (
  asset: Pick<AssetRow, 'id' | 'kind' | 'owner_id'>,
  request: Pick<RequestRow, 'visibility' | 'taken_down_at'>
) => string

/**
 * How the URLs of images begin depends on how the caller of this request reached us. To images that are not for everybody, and that
 * this caller may see, they are links signed for a time; sources, masks and what was taken down need the caller's key.
 */
export function imageUrlFor(
  request: FastifyRequest,
  { config, imageLinks }: Pick<HttpContext, 'config' | 'imageLinks'>
): ImageUrl {
  const base = publicUrl(request, config.publicUrl)
  return ({ id, kind, owner_id }, { visibility, taken_down_at }) => {
    const url = `${base}/api/inference/assets/${id}/`
    const image = { kind, visibility, owner_id, isTakenDown: taken_down_at !== null, isOwnerGone: false }
    const isSigned = !isForEverybody(image) && isForLinks(image) && maySee(image, request.principal, config.limits)
    return isSigned ? `${url}?${imageLinks.sign({ id, visibility })}` : url
  }
}
