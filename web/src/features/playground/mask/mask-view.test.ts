import { describe, expect, it } from 'vitest'
import { fitView, moveBy, pinch, toImage, zoomAt } from './mask-view.ts'

const frame = { window: { width: 832, height: 632 }, image: { width: 1600, height: 1200 } }
const fitted = fitView(frame.window, frame.image)

describe('the view of a mask', () => {
  it('shows the whole image in the middle', () => {
    expect(fitted).toEqual({ scale: 0.5, x: 16, y: 16 })
    expect(toImage(fitted, { x: 16, y: 16 })).toEqual({ x: 0, y: 0 })
    expect(toImage(fitted, { x: 816, y: 616 })).toEqual({ x: 1600, y: 1200 })
  })

  it('does not blow tiny images up without end', () => {
    expect(fitView(frame.window, { width: 16, height: 16 }).scale).toBe(4)
  })

  it('zooms around the pointer', () => {
    const at = { x: 300, y: 200 }
    const zoomed = zoomAt(fitted, { ...frame, at, factor: 3 })
    expect(zoomed.scale).toBe(1.5)
    expect(toImage(zoomed, at).x).toBeCloseTo(toImage(fitted, at).x)
    expect(toImage(zoomed, at).y).toBeCloseTo(toImage(fitted, at).y)
  })

  it('zooms neither in nor out without end, and never loses the image', () => {
    expect(zoomAt(fitted, { ...frame, at: { x: 0, y: 0 }, factor: 1000 }).scale).toBe(16)
    expect(zoomAt(fitted, { ...frame, at: { x: 0, y: 0 }, factor: 0.001 }).scale).toBe(0.25)
    const moved = moveBy(fitted, { x: 9999, y: -9999 }, frame)
    expect(moved.x).toBeLessThan(frame.window.width)
    expect(moved.y + frame.image.height * moved.scale).toBeGreaterThan(0)
  })

  it('keeps what two fingers hold under them', () => {
    const before: [{ x: number; y: number }, { x: number; y: number }] = [
      { x: 200, y: 200 },
      { x: 400, y: 200 }
    ]
    const after: typeof before = [
      { x: 150, y: 260 },
      { x: 550, y: 260 }
    ]
    const pinched = pinch(fitted, { ...frame, before, after })
    expect(pinched.scale).toBeCloseTo(1)
    expect(toImage(pinched, after[0]).x).toBeCloseTo(toImage(fitted, before[0]).x)
    expect(toImage(pinched, after[1]).y).toBeCloseTo(toImage(fitted, before[1]).y)
  })
})
