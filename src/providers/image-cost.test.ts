import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { costOf, type MeasuredService, secondsOf, workOf, workOfTask } from './image-cost.ts'

const measured = (megapixelMs: number | null, change: Partial<MeasuredService> = {}): MeasuredService => ({
  pace: { megapixelMs, stepMs: null },
  places: 1,
  isTrusted: true,
  ...change
})
const SMALL = workOf({ size: { width: 512, height: 512 } })
const LARGE = workOf({ size: { width: 4096, height: 4096 } })

describe('the seconds of an image', () => {
  it('grow with its pixels, and with its steps when they were named', () => {
    const pace = { megapixelMs: 10_000, stepMs: 400 }
    expect(secondsOf(pace, { megapixels: 2 })).toBe(20)
    expect(secondsOf(pace, { megapixels: 2, steps: 50 })).toBe(40)
    // What was measured of one kind alone serves for the other, with the usual number of steps.
    expect(secondsOf({ megapixelMs: null, stepMs: 400 }, { megapixels: 1 })).toBe(8)
    expect(secondsOf({ megapixelMs: 10_000, stepMs: null }, { megapixels: 1, steps: 40 })).toBe(20)
    expect(secondsOf({ megapixelMs: null, stepMs: null }, { megapixels: 1 })).toBeUndefined()
  })

  it('are those of the source image, or of the usual size, where none is asked for', () => {
    expect(workOf({ source: { width: 1000, height: 500 }, steps: 3 })).toEqual({ megapixels: 0.5, steps: 3 })
    expect(workOf({}).megapixels).toBeCloseTo(1.05)
    expect(workOf({ size: { width: 16, height: 16 } })).toEqual({ megapixels: 0.25 })
    expect(workOfTask({ pixels: 2e6, steps: null })).toEqual({ megapixels: 2 })
    expect(workOfTask({ pixels: 1, steps: 4 })).toEqual({ megapixels: 0.25, steps: 4 })
  })
})

describe('the cost of an image', () => {
  it('is in tenths of a second what the service in the middle needs, shared by what it makes at once', () => {
    const services = [measured(1000), measured(8000), measured(1_000_000)]
    expect(costOf(services, { megapixels: 1 })).toBe(80)
    expect(costOf(services.slice(0, 2), { megapixels: 1 })).toBe(10)
    expect(costOf([measured(8000, { places: 4 })], { megapixels: 1 })).toBe(20)
  })

  it('goes by those that serve everybody, while there are any', () => {
    const own = measured(1, { isTrusted: false })
    expect(costOf([own, own, own, measured(8000)], { megapixels: 1 })).toBe(80)
    expect(costOf([own], { megapixels: 1 })).toBe(1)
  })

  it('is the usual one where nothing was measured', () => {
    expect(costOf([], { megapixels: 1 })).toBe(100)
    expect(costOf([], { megapixels: 1, steps: 40 })).toBe(200)
    expect(costOf([measured(null)], LARGE)).toBeGreaterThan(40 * costOf([], SMALL))
  })

  it('is bounded, whatever a machine made anybody believe', () => {
    expect(costOf([measured(Number.MIN_VALUE)], SMALL)).toBe(1)
    expect(costOf([measured(3_600_000)], LARGE)).toBe(6000)
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, noNaN: true })), fc.integer({ min: 1, max: 1000 }), (paces, steps) => {
        const cost = costOf(
          paces.map((pace) => measured(pace)),
          { ...LARGE, steps }
        )
        expect(Number.isInteger(cost) && cost >= 1 && cost <= 6000).toBe(true)
      })
    )
  })
})
