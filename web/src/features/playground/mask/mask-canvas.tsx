import { type RefObject, useEffect, useLayoutEffect, useRef, useState } from 'react'
import { BrushRing } from './brush-ring.tsx'
import { drawOnTop, drawOverlay } from './draw-overlay.ts'
import type { MaskOperation, Stroke } from './mask-operations.ts'
import { fitView, type Frame, type MaskView, toImage, zoomAt } from './mask-view.ts'
import { useMaskPointers } from './use-mask-pointers.ts'

export interface MaskCanvasProps {
  url: string
  frame: Frame
  view: MaskView
  operations: readonly MaskOperation[]
  base: HTMLImageElement | null
  /** Diameter in pixels of the screen, so that zooming in makes finer work possible. */
  brush: number
  erase: boolean
  onView: (view: MaskView) => void
  onStroke: (stroke: Stroke) => void
}

const WHEEL_ZOOM = 0.0015

/** The image with what shall change painted over it. */
export function MaskCanvas(props: MaskCanvasProps) {
  const { url, frame, view, operations, base, brush, onView, onStroke } = props
  const canvas = useRef<HTMLCanvasElement>(null)
  const stroke = useRef<Stroke>(undefined)
  const density = devicePixelRatio
  const overlay = { image: frame.image, view, base, density }

  const redraw = () => {
    const context = canvas.current?.getContext('2d')
    if (context) drawOverlay(context, { ...overlay, operations, colour: getComputedStyle(context.canvas).color })
  }
  // Setting its size empties a canvas: it is drawn in the same frame.
  useLayoutEffect(redraw)

  const extend = (points: { x: number; y: number }[]) => {
    const context = canvas.current?.getContext('2d')
    const before = stroke.current
    if (!context || !before) return
    const added = points.map((point) => toImage(view, point))
    stroke.current = { ...before, points: [...before.points, ...added] }
    const piece = { ...before, points: [...before.points.slice(-1), ...added] }
    drawOnTop(context, piece, { ...overlay, colour: getComputedStyle(context.canvas).color })
  }
  const pointers = useMaskPointers({
    view,
    frame,
    onView,
    onBegin: (points, { erase }) => {
      stroke.current = { type: 'stroke', erase: erase || props.erase, radius: brush / 2 / view.scale, points: [] }
      extend(points)
    },
    onDraw: extend,
    onEnd: () => {
      if (stroke.current) onStroke(stroke.current)
      stroke.current = undefined
    },
    onCancel: () => {
      stroke.current = undefined
      redraw()
    }
  })
  const area = useRef<HTMLDivElement>(null)
  useWheelZoom(area, (at, delta) => onView(zoomAt(view, { ...frame, at, factor: Math.exp(-delta * WHEEL_ZOOM) })))

  return (
    <div ref={area} {...pointers} className="absolute inset-0 cursor-none touch-none overflow-hidden select-none">
      <img
        src={url}
        alt=""
        draggable={false}
        className="absolute top-0 left-0 max-w-none origin-top-left"
        style={{
          width: frame.image.width,
          height: frame.image.height,
          transform: `translate(${view.x}px, ${view.y}px) scale(${view.scale})`
        }}
      />
      <canvas
        ref={canvas}
        role="img"
        aria-label="The image with the area that will change"
        width={Math.round(frame.window.width * density)}
        height={Math.round(frame.window.height * density)}
        className="absolute inset-0 size-full text-accent opacity-60"
      />
      <BrushRing area={area} size={brush} />
    </div>
  )
}

/** React listens for the wheel passively, where the page cannot be kept from scrolling. */
function useWheelZoom(
  area: RefObject<HTMLDivElement | null>,
  onZoom: (at: { x: number; y: number }, delta: number) => void
): void {
  useEffect(() => {
    const element = area.current
    const onWheel = (event: WheelEvent) => {
      event.preventDefault()
      const box = element?.getBoundingClientRect()
      if (box) onZoom({ x: event.clientX - box.left, y: event.clientY - box.top }, event.deltaY)
    }
    element?.addEventListener('wheel', onWheel, { passive: false })
    return () => element?.removeEventListener('wheel', onWheel)
  })
}

/** The size of an element, and the view that fits the image into it, until somebody moves it. */
export function useMaskView(image: Frame['image']) {
  const [window, setWindow] = useState<Frame['window']>()
  const [moved, setMoved] = useState<MaskView>()
  const measure = (element: HTMLElement | null) => {
    if (!element) return
    const observer = new ResizeObserver(() => setWindow({ width: element.clientWidth, height: element.clientHeight }))
    observer.observe(element)
    return () => observer.disconnect()
  }
  const frame = window && { window, image }
  return { measure, frame, view: frame && (moved ?? fitView(frame.window, image)), setView: setMoved }
}
