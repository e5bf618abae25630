/** A rectangle in the window, CSS pixels. */
export type Area = Pick<DOMRect, 'top' | 'bottom' | 'left' | 'right'>

/** Between a message and the window's edge, and between it and what it keeps clear of. */
export const EDGE = 16
const GAP = 8

/**
 * How far above the window's lower edge messages lie, in CSS pixels: as low as they can without lying over any of `controls`, or at
 * the edge where there is no such place. `area` is where they are now.
 */
export function bottomClearOf(area: Area, controls: readonly Area[], windowHeight: number): number {
  const height = area.bottom - area.top
  const beside = controls.filter(({ left, right }) => left < area.right && right > area.left)
  let bottom = windowHeight - EDGE
  // From below: each that is hit moves it above that one.
  for (const control of beside.toSorted((a, b) => b.bottom - a.bottom)) {
    if (control.top < bottom + GAP && control.bottom > bottom - height - GAP) bottom = control.top - GAP
  }
  return bottom - height < 0 ? EDGE : windowHeight - bottom
}
