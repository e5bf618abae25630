import type { Size } from '../sizes.ts'
import { type MaskOperation, type Stroke, visible } from './mask-operations.ts'
import type { MaskView } from './mask-view.ts'

export interface Overlay {
  image: Size
  view: MaskView
  operations: readonly MaskOperation[]
  /** The mask that painting began with: transparent where the image shall change. */
  base: HTMLImageElement | null
  /** What the changing area is painted with. */
  colour: string
  /** Pixels of the canvas per pixel of the screen. */
  density: number
}

/** Draws what shall change. The canvas shows the window; only what is on the image is drawn. */
export function drawOverlay(context: CanvasRenderingContext2D, overlay: Overlay): void {
  const { image, base, colour } = overlay
  const { fromBase, operations } = visible(overlay.operations)
  context.resetTransform()
  context.clearRect(0, 0, context.canvas.width, context.canvas.height)
  context.save()
  enterImage(context, overlay)
  if (fromBase && base) {
    context.fillStyle = colour
    context.fillRect(0, 0, image.width, image.height)
    context.globalCompositeOperation = 'destination-out'
    context.drawImage(base, 0, 0, image.width, image.height)
  }
  for (const operation of operations) {
    if (operation.type === 'stroke') drawStroke(context, operation, colour)
    else invert(context, { image, colour })
  }
  context.restore()
}

/** Draws a stroke on top of what is there: while it is drawn nothing else changes. */
export function drawOnTop(
  context: CanvasRenderingContext2D,
  stroke: Stroke,
  overlay: Omit<Overlay, 'operations'>
): void {
  context.save()
  enterImage(context, overlay)
  drawStroke(context, stroke, overlay.colour)
  context.restore()
}

/** From here on coordinates are those of the image, and nothing beside it is touched. */
function enterImage(context: CanvasRenderingContext2D, { image, view, density }: Omit<Overlay, 'operations'>): void {
  const scale = view.scale * density
  context.setTransform(scale, 0, 0, scale, view.x * density, view.y * density)
  context.beginPath()
  context.rect(0, 0, image.width, image.height)
  context.clip()
}

function drawStroke(context: CanvasRenderingContext2D, { points, radius, erase }: Stroke, colour: string): void {
  const [first, ...rest] = points
  if (!first) return
  context.globalCompositeOperation = erase ? 'destination-out' : 'source-over'
  context.strokeStyle = colour
  context.lineWidth = radius * 2
  context.lineCap = 'round'
  context.lineJoin = 'round'
  context.beginPath()
  context.moveTo(first.x, first.y)
  // A line of no length is a dot.
  for (const { x, y } of rest.length > 0 ? rest : [first]) context.lineTo(x, y)
  context.stroke()
}

function invert(context: CanvasRenderingContext2D, { image, colour }: Pick<Overlay, 'image' | 'colour'>): void {
  context.globalCompositeOperation = 'xor'
  context.fillStyle = colour
  context.fillRect(0, 0, image.width, image.height)
}
