import type { FastifyRequest } from 'fastify'
import type { Config } from '../config/config.ts'
import { publicUrl } from './public-url.ts'

/** Where an image that is stored here is fetched from, by its asset's id. */
export type ImageUrl = (asset: { id: string }) => string

/** How the URLs of images begin depends on how the caller of this request reached us. */
export function imageUrlFor(request: FastifyRequest, config: Pick<Config, 'publicUrl'>): ImageUrl {
  const base = publicUrl(request, config.publicUrl)
  return ({ id }) => `${base}/api/inference/assets/${id}/`
}
