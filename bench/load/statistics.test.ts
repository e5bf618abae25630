import { describe, expect, it } from 'vitest'
import { drawArrivals } from './open-loop.ts'
import { mean, median, quantile } from './statistics.ts'

describe('a quantile', () => {
  it.each([
    [[3, 1, 2], 0.5, 2],
    [[1, 2, 3, 4], 0.5, 2],
    [Array.from({ length: 100 }, (_, index) => 100 - index), 0.99, 99],
    [[7], 0.99, 7],
    [[7], 0, 7]
  ])('of %j at %d is a value that there was: %d', (values, share, expected) => {
    expect(quantile(values, share)).toBe(expected)
  })

  it('of nothing is nothing, as are median and mean', () => {
    expect([quantile([], 0.5), median([]), mean([])]).toEqual([undefined, undefined, undefined])
  })
})

it('the median of an even number lies between the two in the middle', () => {
  expect(median([10, 1, 3, 2])).toBe(2.5)
  expect(median([5, 1, 9])).toBe(5)
})

describe('arrivals', () => {
  const drawn = drawArrivals({ perSecond: 100, seconds: 200, seed: 7 })

  it('come as often as is said, in their order and in time', () => {
    expect(drawn.length / 200).toBeGreaterThan(97)
    expect(drawn.length / 200).toBeLessThan(103)
    expect(drawn).toEqual(drawn.toSorted((a, b) => a - b))
    expect(drawn.at(-1)).toBeLessThan(200_000)
  })

  it('are apart as those of a Poisson process: as far as their mean in the standard deviation', () => {
    const gaps = drawn.map((at, index) => at - (drawn[index - 1] ?? 0))
    const average = mean(gaps) ?? NaN
    const deviation = Math.sqrt(mean(gaps.map((gap) => (gap - average) ** 2)) ?? NaN)
    expect(deviation / average).toBeGreaterThan(0.95)
    expect(deviation / average).toBeLessThan(1.05)
  })

  it('are the same again for the same seed, and others for another', () => {
    const few = { perSecond: 5, seconds: 2 }
    expect(drawArrivals({ ...few, seed: 1 })).toEqual(drawArrivals({ ...few, seed: 1 }))
    expect(drawArrivals({ ...few, seed: 1 })).not.toEqual(drawArrivals({ ...few, seed: 2 }))
  })
})
