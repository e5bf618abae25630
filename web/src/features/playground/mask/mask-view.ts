import type { Size } from '../sizes.ts'
import type { Point } from './mask-operations.ts'

/** How an image lies in its window: a point p of the image is at p × scale + (x, y), in pixels of the screen. */
export interface MaskView {
  scale: number
  x: number
  y: number
}

const MARGIN = 16
const MOST_SCALE = 16
/** So much of the image stays in the window, however far it is moved. */
const KEPT = 48

/** The whole image in the middle, not larger than its own pixels four times. */
export function fitView(window: Size, image: Size): MaskView {
  const room = { width: Math.max(1, window.width - 2 * MARGIN), height: Math.max(1, window.height - 2 * MARGIN) }
  const scale = Math.min(room.width / image.width, room.height / image.height, 4)
  return { scale, x: (window.width - image.width * scale) / 2, y: (window.height - image.height * scale) / 2 }
}

export const toImage = (view: MaskView, { x, y }: Point): Point => ({
  x: (x - view.x) / view.scale,
  y: (y - view.y) / view.scale
})

export interface Frame {
  window: Size
  image: Size
}

/** Larger or smaller by `factor`, the point of the window under the pointer staying where it is. */
export function zoomAt(view: MaskView, options: Frame & { at: Point; factor: number }): MaskView {
  const { at, factor, ...frame } = options
  const least = fitView(frame.window, frame.image).scale / 2
  const scale = Math.min(MOST_SCALE, Math.max(least, view.scale * factor))
  const change = scale / view.scale
  return keepInWindow({ scale, x: at.x - (at.x - view.x) * change, y: at.y - (at.y - view.y) * change }, frame)
}

export const moveBy = (view: MaskView, by: Point, frame: Frame): MaskView =>
  keepInWindow({ ...view, x: view.x + by.x, y: view.y + by.y }, frame)

function keepInWindow({ scale, x, y }: MaskView, { window, image }: Frame): MaskView {
  const clamp = (value: number, room: number, length: number) =>
    Math.min(room - KEPT, Math.max(KEPT - length * scale, value))
  return { scale, x: clamp(x, window.width, image.width), y: clamp(y, window.height, image.height) }
}

/** Two fingers: what they hold stays under them. */
export function pinch(view: MaskView, options: Frame & { before: [Point, Point]; after: [Point, Point] }): MaskView {
  const { before, after, ...frame } = options
  const [from, to] = [middle(before), middle(after)]
  const factor = distance(after) / Math.max(1, distance(before))
  return moveBy(zoomAt(view, { ...frame, at: from, factor }), { x: to.x - from.x, y: to.y - from.y }, frame)
}

const middle = ([a, b]: [Point, Point]): Point => ({ x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 })
const distance = ([a, b]: [Point, Point]): number => Math.hypot(a.x - b.x, a.y - b.y)
