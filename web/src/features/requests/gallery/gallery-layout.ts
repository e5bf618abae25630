import type { RequestSummary } from '../../../../../src/http/dashboard/contract/requests.ts'
import { isUnfinished } from '../../../lib/one-request.ts'

/** A request on the screen, pixels from the left edge of its row. */
export interface Tile {
  request: RequestSummary
  left: number
  width: number
}

export type GalleryRow =
  | { kind: 'day'; key: string; height: number; day: number }
  /** In a grid several requests beside each other, in a list one. */
  | { kind: 'requests'; key: string; height: number; tiles: readonly Tile[] }

export interface LayoutOptions {
  /** Of the whole, pixels. */
  width: number
  /** The first moment of the day that a moment is in. */
  dayOf: (at: number) => number
  dayHeight: number
}

export interface GridOptions extends LayoutOptions {
  gap: number
  /** Rows are about as high as this, so that they fill the width. */
  rowHeight: number
}

/** Width by height; what is wider or higher is cut at its edges. */
const NARROWEST = 0.56
const WIDEST = 2.4

/** What one request may take of a row, so that a panorama leaves room for others on a phone. */
const MOST_OF_ROW = 0.7
/** How much higher than wanted a row may be to fill the width. */
const MOST_STRETCH = 1.3

/** Where an image is within the tile of its request, as shares of the tile. */
export interface Cell {
  left: number
  top: number
  width: number
  height: number
}

const halves = (count: number): Cell[] =>
  Array.from({ length: count }, (_, at) => ({
    left: (at % 2) / 2,
    top: Math.floor(at / 2) / 2,
    width: 0.5,
    height: 0.5
  }))

/**
 * How the images of a request share its tile without being cut: two beside each other, three as a large one with two
 * beside it, four and more as a square of four. `ratio` is that of the tile to that of one image.
 */
export function collage(count: number): { ratio: number; cells: readonly Cell[] } {
  if (count <= 1) return { ratio: 1, cells: [{ left: 0, top: 0, width: 1, height: 1 }] }
  if (count === 2) {
    return { ratio: 2, cells: [0, 0.5].map((left) => ({ left, top: 0, width: 0.5, height: 1 })) }
  }
  if (count > 3) return { ratio: 1, cells: halves(4) }
  const third = 1 / 3
  const side = [0, 0.5].map((top) => ({ left: 2 * third, top, width: third, height: 0.5 }))
  return { ratio: 1.5, cells: [{ left: 0, top: 0, width: 2 * third, height: 1 }, ...side] }
}

/** How many images a tile shows a place for: what was asked for, or what there is when it has ended. */
export const countShown = ({ status, images, n }: RequestSummary): number =>
  isUnfinished(status) ? n : Math.max(1, images.length)

/** Width by height of a request's tile, known before it has images so that nothing moves when they come. */
export function shapeOf(request: RequestSummary): number {
  const image = request.images[0] ?? request.size ?? request.inputs[0] ?? { width: 1, height: 1 }
  const ratio = Math.min(WIDEST, Math.max(NARROWEST, image.width / Math.max(1, image.height)))
  return ratio * collage(countShown(request)).ratio
}

/** Rows of tiles that keep the shape of their images and together fill the width, day by day. */
export const layOutGrid = (requests: readonly RequestSummary[], options: GridOptions): GalleryRow[] =>
  byDay(requests, options, (ofDay) => justify(ofDay, options))

/** A row for each request, day by day. */
export const layOutList = (
  requests: readonly RequestSummary[],
  options: LayoutOptions & { rowHeight: number }
): GalleryRow[] =>
  byDay(requests, options, (ofDay) =>
    ofDay.map((request) => ({
      kind: 'requests',
      key: request.id,
      height: options.rowHeight,
      tiles: [{ request, left: 0, width: options.width }]
    }))
  )

function byDay(
  requests: readonly RequestSummary[],
  { dayOf, dayHeight }: LayoutOptions,
  layOut: (ofDay: readonly RequestSummary[]) => GalleryRow[]
): GalleryRow[] {
  const rows: GalleryRow[] = []
  let begin = 0
  while (begin < requests.length) {
    const day = dayOf(requests[begin]?.createdAt ?? 0)
    let end = begin + 1
    // Newest first: what is not older than the day's first moment belongs to it.
    while (end < requests.length && (requests[end]?.createdAt ?? 0) >= day) end += 1
    rows.push({ kind: 'day', key: `day ${day}`, height: dayHeight, day }, ...layOut(requests.slice(begin, end)))
    begin = end
  }
  return rows
}

function justify(requests: readonly RequestSummary[], { width, gap, rowHeight }: GridOptions): GalleryRow[] {
  const rows: GalleryRow[] = []
  let row: { request: RequestSummary; shape: number }[] = []
  let shapes = 0
  const heightNow = () => (width - gap * (row.length - 1)) / shapes
  const end = (height: number) => {
    rows.push({
      kind: 'requests',
      key: row[0]?.request.id ?? '',
      height: Math.round(height),
      tiles: place(row, height)
    })
    row = []
    shapes = 0
  }
  const place = (tiles: typeof row, height: number): Tile[] => {
    let left = 0
    return tiles.map(({ request, shape }) => {
      const from = Math.round(left)
      const to = Math.min(width, Math.round(left + shape * height))
      left += shape * height + gap
      return { request, left: from, width: to - from }
    })
  }
  for (const request of requests) {
    const shape = Math.min(shapeOf(request), (MOST_OF_ROW * width) / rowHeight)
    const without = heightNow()
    row.push({ request, shape })
    shapes += shape
    // Whatever comes closer to the height that is wanted: with it a lower row, without it a higher one.
    if (row.length > 1 && without / rowHeight < rowHeight / heightNow() && without <= MOST_STRETCH * rowHeight) {
      row.pop()
      shapes -= shape
      end(without)
      row.push({ request, shape })
      shapes = shape
    }
    if (heightNow() <= rowHeight) end(heightNow())
  }
  // The last ones of a day are not blown up to fill its last row.
  if (row.length > 0) end(rowHeight)
  return rows
}
