import { useCallback, useState } from 'react'

/** Where the list is on the page, pixels. */
export interface Place {
  width: number
  /** From the top of the page. */
  top: number
}

// Coming back to the list it has its height at once, so that its scroll position can be restored.
let last: Place | undefined

/** Measures the element that gets `ref`; undefined until there is one. */
export function usePlace() {
  const [place, setPlace] = useState(last)
  const ref = useCallback((element: HTMLElement | null) => {
    if (!element) return
    const measure = () => {
      const box = element.getBoundingClientRect()
      const next = { width: Math.floor(box.width), top: Math.round(box.top + scrollY) }
      if (next.width === last?.width && next.top === last.top) return
      last = next
      setPlace(next)
    }
    measure()
    setPlace(last)
    const observer = new ResizeObserver(measure)
    observer.observe(element)
    // What stands above it may have changed.
    observer.observe(document.body)
    return () => observer.disconnect()
  }, [])
  return { place, ref }
}
