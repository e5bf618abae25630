import { clsx } from 'clsx'
import { type MouseEvent, type PointerEvent, useLayoutEffect, useRef, useState } from 'react'
import type { ImageInfo } from '../../../../../src/http/dashboard/contract/requests.ts'
import { StoredImage } from '../../../components/stored-image.tsx'

/** How much larger an image gets that already has its real size when it fits. */
const SMALL_ZOOM = 2
/** Pixels of movement that are a pull and no click. */
const PULL = 4

interface Point {
  x: number
  y: number
}

/** An image that fits its frame; a click shows it in its real size around the point, where it can be pulled about. */
export function ZoomableImage({ image, alt }: { image: ImageInfo; alt: string }) {
  const frame = useRef<HTMLDivElement>(null)
  const pull = useRef<{ from: Point; scroll: Point; moved: boolean }>(undefined)
  /** What is looked at, as shares of the image; undefined: it fits. */
  const [focus, setFocus] = useState<Point>()
  const [zoomed, setZoomed] = useState(image.width)

  useLayoutEffect(() => {
    const element = frame.current
    if (!focus || !element) return
    element.scrollLeft = focus.x * element.scrollWidth - element.clientWidth / 2
    element.scrollTop = focus.y * element.scrollHeight - element.clientHeight / 2
  }, [focus])

  const onClick = (event: MouseEvent<HTMLElement>) => {
    if (pull.current?.moved) return
    if (focus) return setFocus(undefined)
    const box = event.currentTarget.getBoundingClientRect()
    const fits = box.width >= image.width - 1
    setZoomed(fits ? image.width * SMALL_ZOOM : image.width)
    // Pressed by a key there is no point.
    const isPointed = event.detail > 0
    setFocus({
      x: isPointed ? (event.clientX - box.left) / box.width : 0.5,
      y: isPointed ? (event.clientY - box.top) / box.height : 0.5
    })
  }
  const onPointerDown = ({ clientX: x, clientY: y, pointerType }: PointerEvent) => {
    const { scrollLeft = 0, scrollTop = 0 } = frame.current ?? {}
    pull.current =
      pointerType === 'mouse' ? { from: { x, y }, scroll: { x: scrollLeft, y: scrollTop }, moved: false } : undefined
  }
  const onPointerMove = ({ clientX, clientY, buttons }: PointerEvent) => {
    const { current } = pull
    if (!current || !focus || buttons !== 1 || !frame.current) return
    const [dx, dy] = [clientX - current.from.x, clientY - current.from.y]
    if (Math.hypot(dx, dy) > PULL) current.moved = true
    frame.current.scrollTo(current.scroll.x - dx, current.scroll.y - dy)
  }
  const ratio = image.width / image.height
  const aspectRatio = String(ratio)
  // Below the line that says which it is, and with a margin.
  const fittingWidth = `min(100%, ${image.width}px, calc((100dvh - 4.5rem) * ${ratio}))`
  return (
    <div
      ref={frame}
      onPointerDown={onPointerDown}
      onPointerMove={onPointerMove}
      className={clsx('flex min-h-0 flex-1', focus ? 'overflow-auto' : 'overflow-hidden px-4 pb-4')}
    >
      <button
        type="button"
        onClick={onClick}
        aria-pressed={focus !== undefined}
        aria-label={focus ? 'Fit it to the window' : 'Show it in its real size'}
        className={clsx(
          'm-auto block shrink-0 focus-visible:outline-white',
          focus ? 'cursor-zoom-out!' : 'cursor-zoom-in!'
        )}
        style={focus ? { aspectRatio, width: zoomed } : { aspectRatio, width: fittingWidth }}
      >
        <StoredImage image={image} alt={alt} isMain sizes={focus ? `${zoomed}px` : '100vw'} className="size-full" />
      </button>
    </div>
  )
}
