import type { ImageInfo, RequestSummary } from '../../../../../src/http/dashboard/contract/requests.ts'
import { type Size, USUAL_SIZE } from '../sizes.ts'
import { isUnfinished } from './stage-entries.ts'

/** The place of one image of a request. */
export interface Tile {
  position: number
  /** `pending`: it waits or is being made; `missing`: it will not come. */
  state: 'pending' | 'done' | 'missing'
  image: ImageInfo | null
}

export const tilesOf = (request: RequestSummary): Tile[] =>
  Array.from({ length: request.n }, (_, position) => {
    const image = request.images.find((one) => one.position === position) ?? null
    return { position, image, state: image ? 'done' : isUnfinished(request) ? 'pending' : 'missing' }
  })

/** The proportions to keep free for its images: theirs, or what is known of them before they are there. */
export const frameOf = ({ images, size, inputs }: RequestSummary): Size => images[0] ?? size ?? inputs[0] ?? USUAL_SIZE

const COLUMNS = [1, 2, 3, 2, 3, 3, 4, 4, 3, 5]

/** How many images are side by side where there is room. */
export const columnsFor = (n: number): number => COLUMNS[n - 1] ?? 5

/**
 * The greatest width of a grid of images, in shares of the height it may have: the images of `columns` side by side
 * are then all visible at once.
 */
export const gridShare = (n: number, { width, height }: Size): number => {
  const columns = columnsFor(n)
  return (columns * width) / (Math.ceil(n / columns) * height)
}
