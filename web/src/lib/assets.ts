import { basePath } from './base-path.ts'

/** A stored image, whole. */
export const imageUrl = (assetId: string): string => `${basePath}/api/inference/assets/${assetId}/`

/** A smaller one, at least `width` pixels wide if the image is. */
export const thumbnailUrl = (assetId: string, width: number): string => `${imageUrl(assetId)}?width=${width}`

/** For `srcset`: the browser picks what its screen needs. */
export const thumbnailSet = (assetId: string, widths: readonly number[]): string =>
  widths.map((width) => `${thumbnailUrl(assetId, width)} ${width}w`).join(', ')

/** The widths that thumbnails have. */
const WIDTHS = [64, 128, 256, 512, 1024, 2048]

/**
 * For `srcset`: every width an image of this width is worth having in. The largest is a compressed copy, or with
 * `original` the image as it was made.
 */
export function imageSet({ id, width }: { id: string; width: number }, original = false): string {
  const smaller = WIDTHS.filter((one) => one < width)
  const whole = original ? imageUrl(id) : thumbnailUrl(id, Math.min(2048, Math.max(16, width)))
  const set = smaller.length > 0 ? `${thumbnailSet(id, smaller)}, ` : ''
  return original || width <= 2048 ? `${set}${whole} ${width}w` : thumbnailSet(id, smaller)
}
