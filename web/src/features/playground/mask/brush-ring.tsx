import { type RefObject, useEffect, useRef } from 'react'

export interface BrushRingProps {
  /** Where the pointer is followed. */
  area: RefObject<HTMLElement | null>
  /** Diameter in pixels of the screen. */
  size: number
}

/** Shows how large the brush is where the pointer is, without rendering at every move; a finger hides it anyway. */
export function BrushRing({ area, size }: BrushRingProps) {
  const ring = useRef<HTMLDivElement>(null)
  useEffect(() => {
    const [around, circle] = [area.current, ring.current]
    if (!around || !circle) return
    const ending = new AbortController()
    const { signal } = ending
    const follow = ({ clientX, clientY, pointerType }: PointerEvent) => {
      const { left, top } = around.getBoundingClientRect()
      circle.style.visibility = pointerType === 'touch' ? 'hidden' : 'visible'
      circle.style.transform = `translate(${clientX - left}px, ${clientY - top}px)`
    }
    around.addEventListener('pointermove', follow, { signal })
    around.addEventListener('pointerleave', () => (circle.style.visibility = 'hidden'), { signal })
    return () => ending.abort()
  }, [area])
  return (
    <div
      ref={ring}
      aria-hidden
      className="pointer-events-none invisible absolute top-0 left-0 rounded-full border border-white shadow-[0_0_0_1px_rgb(0_0_0/60%)]"
      style={{ width: size, height: size, marginLeft: -size / 2, marginTop: -size / 2 }}
    />
  )
}
