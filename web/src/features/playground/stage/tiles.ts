import type { ImageInfo, RequestSummary } from '../../../../../src/http/dashboard/contract/requests.ts'
import { type Size, USUAL_SIZE } from '../sizes.ts'
import { isUnfinished } from '../../../lib/one-request.ts'

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
    return { position, image, state: image ? 'done' : isUnfinished(request.status) ? 'pending' : 'missing' }
  })

/** The proportions to keep free for its images: theirs, or what is known of them before they are there. */
export const frameOf = ({ images, size, inputs }: RequestSummary, usual: Size = USUAL_SIZE): Size =>
  images[0] ?? size ?? inputs[0] ?? usual

/** What a model was last seen to make where nobody named a size. */
export const usualFrame = (model: string, requests: readonly RequestSummary[]): Size =>
  requests.find((one) => one.model === model && one.size === null && one.inputs.length === 0 && one.images[0])
    ?.images[0] ?? USUAL_SIZE

/** Shapes that differ by less than this share are taken for the same: servers round to multiples of 8 and 64. */
const SAME_SHAPE = 0.03

/** Whether an image fills a frame to its edges when a hair of it is cut. */
export const fillsFrame = (image: Size, frame: Size): boolean =>
  Math.abs((image.width * frame.height) / (image.height * frame.width) - 1) < SAME_SHAPE

const COLUMNS = [1, 2, 3, 2, 3, 3, 4, 4, 3, 5]

/** How many images are side by side where there is room. */
export const columnsFor = (n: number): number => COLUMNS[n - 1] ?? 5

/** How many are side by side where all of them share a square. */
export const squareColumns = (n: number): number => Math.ceil(Math.sqrt(n))

/**
 * The greatest width of a grid of images, in shares of the height it may have: the images of `columns` side by side
 * are then all visible at once.
 */
export const gridShare = (n: number, { width, height }: Size): number => {
  const columns = columnsFor(n)
  return (columns * width) / (Math.ceil(n / columns) * height)
}

/** The seeds of its images in words: `seed 7`, `seeds 7–10`; undefined where none is known. */
export function tellSeeds({ images }: Pick<RequestSummary, 'images'>): string | undefined {
  const seeds = images.flatMap(({ seed }) => (seed === null ? [] : [seed]))
  const [first, last] = [seeds[0], seeds.at(-1)]
  if (first === undefined || last === undefined) return undefined
  if (seeds.length === 1) return `seed ${first}`
  const isRow = seeds.every((seed, index) => seed === first + index)
  return isRow ? `seeds ${first}–${last}` : `${seeds.length} seeds`
}
