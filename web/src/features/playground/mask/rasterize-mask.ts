import type { Size } from '../sizes.ts'
import { type MaskOperation, type Point, type Stroke, visible } from './mask-operations.ts'

/**
 * The pixels of a mask, one byte each, row by row: **1 = change here, 0 = keep**. Drawn here and not by a canvas, so
 * that the edges are exact, any size fits (phones limit canvases), and browsers that falsify canvases against tracking
 * do no harm.
 *
 * @param base the mask that painting began with, in the same form and size.
 */
export function rasterizeMask(options: {
  size: Size
  operations: readonly MaskOperation[]
  base?: Uint8Array
}): Uint8Array {
  const { size, base } = options
  const { fromBase, operations } = visible(options.operations)
  const pixels = fromBase && base ? base.slice() : new Uint8Array(size.width * size.height)
  for (const operation of operations) {
    if (operation.type === 'stroke') drawStroke(pixels, size, operation)
    else for (let index = 0; index < pixels.length; index++) pixels[index] = pixels[index] === 1 ? 0 : 1
  }
  return pixels
}

function drawStroke(pixels: Uint8Array, size: Size, { points, radius, erase }: Stroke): void {
  const value = erase ? 0 : 1
  for (const [index, point] of points.entries()) {
    // A single point is a line to itself.
    const next = points[index + 1] ?? (index === 0 ? point : undefined)
    if (next) drawCapsule(pixels, size, { from: point, to: next, radius, value })
  }
}

interface Capsule {
  from: Point
  to: Point
  radius: number
  value: 0 | 1
}

/** Everything within `radius` of a line: being convex, it covers one span of each row. A pixel counts by its centre. */
function drawCapsule(pixels: Uint8Array, { width, height }: Size, capsule: Capsule): void {
  const { from, to, radius, value } = capsule
  const top = Math.max(0, Math.floor(Math.min(from.y, to.y) - radius))
  const bottom = Math.min(height - 1, Math.ceil(Math.max(from.y, to.y) + radius))
  for (let row = top; row <= bottom; row++) {
    const [left, right] = spanAt(capsule, row + 0.5)
    const first = Math.max(0, Math.ceil(left - 0.5))
    const last = Math.min(width - 1, Math.floor(right - 0.5))
    if (first <= last) pixels.fill(value, row * width + first, row * width + last + 1)
  }
}

/** Where a horizontal line enters and leaves: the outermost of its crossings with both ends and both sides. */
function spanAt({ from, to, radius }: Capsule, y: number): [number, number] {
  let [left, right] = [Infinity, -Infinity]
  const include = (x: number) => {
    left = Math.min(left, x)
    right = Math.max(right, x)
  }
  for (const end of [from, to]) {
    const half = Math.sqrt(radius ** 2 - (y - end.y) ** 2)
    if (half >= 0) {
      include(end.x - half)
      include(end.x + half)
    }
  }
  const length = Math.hypot(to.x - from.x, to.y - from.y)
  if (length === 0) return [left, right]
  const [aside, down] = [((to.y - from.y) / length) * radius, ((to.x - from.x) / length) * -radius]
  for (const side of [1, -1]) {
    const share = (y - from.y - side * down) / (to.y - from.y)
    if (share >= 0 && share <= 1) include(from.x + side * aside + share * (to.x - from.x))
  }
  return [left, right]
}
