import { changedBox, type Box } from './changed-box.ts'
import type { Rgb } from './colour.ts'
import type { PaintJob, Picture } from './picture.ts'

function averageOf({ pixels, channels, width }: Picture, { left, top, right, bottom }: Box): Rgb {
  let [r, g, b] = [0, 0, 0]
  for (let y = top; y < bottom; y++) {
    for (let x = left; x < right; x++) {
      const at = (y * width + x) * channels
      r += pixels[at] as number
      g += pixels[at + 1] as number
      b += pixels[at + 2] as number
    }
  }
  const scale = 1 / (255 * Math.max(1, (right - left) * (bottom - top)))
  return [r * scale, g * scale, b * scale]
}

/** The mean colours of the upper, middle and lower third of a picture. */
export function averageColours(picture: Picture): Rgb[] {
  return [0, 1, 2].map((third) => {
    const top = Math.min(picture.height - 1, Math.floor((picture.height * third) / 3))
    const bottom = Math.max(top + 1, Math.floor((picture.height * (third + 1)) / 3))
    return averageOf(picture, { left: 0, right: picture.width, top, bottom })
  })
}

/** A picture scaled to a square tile, each pixel the mean of what it covers. */
function shrink(picture: Picture, side: number): Float32Array {
  const tile = new Float32Array(side * side * 3)
  const edge = (index: number, length: number) => Math.floor((index * length) / side)
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      const [left, top] = [edge(x, picture.width), edge(y, picture.height)]
      const right = Math.max(left + 1, edge(x + 1, picture.width))
      const bottom = Math.max(top + 1, edge(y + 1, picture.height))
      tile.set(averageOf(picture, { left, top, right, bottom }), (y * side + x) * 3)
    }
  }
  return tile
}

interface TiledRow {
  row: Float32Array
  alpha: Float32Array
  y: number
}

/**
 * Shows the further inputs of an edit as a strip of square tiles in the lower left corner of the changed area, opaque
 * where the mask allows a change. Returns undefined when there is nothing to show.
 */
export function createTiles(job: PaintJob): ((into: TiledRow) => void) | undefined {
  const box = job.references.length > 0 ? changedBox(job) : undefined
  if (box === undefined) return undefined
  const [across, down] = [box.right - box.left, box.bottom - box.top]
  const gap = Math.round(Math.min(across, down) * 0.04)
  const room = Math.floor((across - gap) / job.references.length) - gap
  const side = Math.max(1, Math.min(room, Math.round(Math.min(across, down) * 0.26)))
  const tiles = job.references.map((picture) => shrink(picture, side))
  const top = Math.max(box.top, box.bottom - gap - side)
  return ({ row, alpha, y }) => {
    if (y < top || y >= top + side) return
    tiles.forEach((tile, index) => {
      const left = box.left + gap + index * (side + gap)
      for (let x = left; x < Math.min(left + side, box.right); x++) {
        const at = ((y - top) * side + (x - left)) * 3
        row.set(tile.subarray(at, at + 3), x * 3)
        alpha[x] = 1
      }
    })
  }
}
