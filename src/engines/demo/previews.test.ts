import { describe, expect, it } from 'vitest'
import { previewPictures, previewSteps } from './previews.ts'

describe('previewSteps', () => {
  it('shows about every fourth step, at most six, never the last', () => {
    expect(previewSteps(20)).toEqual([4, 8, 12, 16])
    expect(previewSteps(1)).toEqual([])
    expect(previewSteps(4)).toEqual([2])
    for (let steps = 1; steps <= 150; steps++) {
      const shown = previewSteps(steps)
      expect(shown.length).toBeLessThanOrEqual(6)
      expect(shown.every((step) => Number.isInteger(step) && step > 0 && step < steps)).toBe(true)
    }
  })
})

describe('previewPictures', () => {
  const width = 400
  const height = 100
  const pixels = new Uint8Array(width * height * 3).fill(200)

  it('keeps the shape and limits the longest side', () => {
    const [preview] = previewPictures({ pixels, channels: 3, width, height }, 1, 1)
    expect(preview).toMatchObject({ width: 256, height: 64, channels: 3 })
    expect(preview?.pixels.length).toBe(256 * 64 * 3)
  })

  it('comes closer to the picture with every preview', () => {
    const distances = previewPictures({ pixels, channels: 3, width, height }, 4, 1).map((preview) =>
      preview.pixels.reduce((sum, value) => sum + Math.abs(value - 200), 0)
    )
    expect(distances).toEqual(distances.toSorted((one, other) => other - one))
    expect(new Set(distances).size).toBe(4)
  })

  it('shows transparent ground white', () => {
    const clear = { pixels: new Uint8Array(16 * 16 * 4), channels: 4 as const, width: 16, height: 16 }
    const last = previewPictures(clear, 5, 1).at(-1)
    const mean = (last?.pixels.reduce((sum, value) => sum + value, 0) ?? 0) / (16 * 16 * 3)
    expect(mean).toBeGreaterThan(230)
  })
})
