import { type PointerEvent, useRef } from 'react'
import type { Point } from './mask-operations.ts'
import { type Frame, type MaskView, moveBy, pinch } from './mask-view.ts'

export interface MaskPointers {
  view: MaskView
  frame: Frame
  onView: (view: MaskView) => void
  /** Points of the window. */
  onBegin: (points: Point[], options: { erase: boolean }) => void
  onDraw: (points: Point[]) => void
  onEnd: () => void
  /** What was drawn was the beginning of a gesture with two fingers. */
  onCancel: () => void
}

/** The other end of a pen, and the right button of a mouse. */
const ERASER_BUTTONS = 32 | 2
const MIDDLE_BUTTON = 4

/** One pointer draws; two fingers, or the middle button, move the view. */
export function useMaskPointers({ view, frame, onView, onBegin, onDraw, onEnd, onCancel }: MaskPointers) {
  const pointers = useRef(new Map<number, Point>())
  const gesture = useRef<'none' | 'draw' | 'move'>('none')

  const onPointerDown = (event: PointerEvent<HTMLElement>) => {
    // A gesture ends when all fingers are lifted.
    if (gesture.current === 'move' && pointers.current.size >= 2) return
    event.currentTarget.setPointerCapture(event.pointerId)
    pointers.current.set(event.pointerId, pointOf(event))
    if (pointers.current.size === 2) {
      if (gesture.current === 'draw') onCancel()
      gesture.current = 'move'
    } else if (event.buttons & MIDDLE_BUTTON) {
      event.preventDefault()
      gesture.current = 'move'
    } else if (gesture.current === 'none') {
      gesture.current = 'draw'
      onBegin([pointOf(event)], { erase: (event.buttons & ERASER_BUTTONS) !== 0 })
    }
  }

  const onPointerMove = (event: PointerEvent<HTMLElement>) => {
    const before = pointers.current.get(event.pointerId)
    if (!before) return
    const now = pointOf(event)
    pointers.current.set(event.pointerId, now)
    if (gesture.current === 'draw') onDraw(pointsOf(event))
    else if (gesture.current === 'move') onView(moved(event.pointerId, before, now))
  }

  const moved = (pointerId: number, before: Point, now: Point): MaskView => {
    const other = [...pointers.current].find(([id]) => id !== pointerId)?.[1]
    if (!other) return moveBy(view, { x: now.x - before.x, y: now.y - before.y }, frame)
    return pinch(view, { ...frame, before: [before, other], after: [now, other] })
  }

  const onPointerUp = ({ pointerId }: PointerEvent<HTMLElement>) => {
    if (!pointers.current.delete(pointerId)) return
    if (gesture.current === 'draw') onEnd()
    if (pointers.current.size === 0) gesture.current = 'none'
  }

  return {
    onPointerDown,
    onPointerMove,
    onPointerUp,
    onPointerCancel: onPointerUp,
    onContextMenu: (event: { preventDefault: () => void }) => event.preventDefault()
  }
}

function pointOf({ currentTarget, clientX, clientY }: PointerEvent<HTMLElement>): Point {
  const { left, top } = currentTarget.getBoundingClientRect()
  return { x: clientX - left, y: clientY - top }
}

/** Pens and fast mice move several times between two frames. */
function pointsOf(event: PointerEvent<HTMLElement>): Point[] {
  const { left, top } = event.currentTarget.getBoundingClientRect()
  const all = event.nativeEvent.getCoalescedEvents?.() ?? []
  return (all.length > 0 ? all : [event.nativeEvent]).map(({ clientX, clientY }) => ({
    x: clientX - left,
    y: clientY - top
  }))
}
