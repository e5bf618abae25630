import { describe, expect, it } from 'vitest'
import { busiest, foldUsage, MOST_SERIES, type UsagePart } from './fold-usage.ts'

const DAY = 86_400_000
const RANGE = { start: 0, end: 3 * DAY, bucketMs: DAY }
const part = (key: string, images: number, day = 0): UsagePart => ({
  at: day * DAY,
  key,
  images,
  requests: 1,
  pixels: 500_000
})
const many = (count: number) => Array.from({ length: count }, (_, index) => part(`m${index}`, 100 - index))

describe('foldUsage', () => {
  it('has a point for each day, also where nothing was made', () => {
    const { points } = foldUsage([part('a', 2), part('b', 1), part('a', 4, 2)], RANGE)
    expect(points).toEqual([
      { start: 0, total: 3, values: [2, 1] },
      { start: DAY, total: 0, values: [0, 0] },
      { start: 2 * DAY, total: 4, values: [4, 0] }
    ])
  })

  it('adds up sizes and days of a group, most images first', () => {
    const { groups, total } = foldUsage([part('b', 1), part('a', 2), { ...part('a', 5, 1), pixels: 2_000_000 }], RANGE)
    expect(total).toEqual({ images: 8, requests: 3, megapixels: 11.5 })
    expect(groups).toEqual([
      { key: 'a', images: 7, requests: 2, megapixels: 11, share: 7 / 8, series: 0 },
      { key: 'b', images: 1, requests: 1, megapixels: 0.5, share: 1 / 8, series: 1 }
    ])
  })

  it('gives each of a few a series, and puts the least of many together', () => {
    expect(foldUsage(many(MOST_SERIES), RANGE).series).not.toContain(null)
    const { series, points, groups } = foldUsage(many(MOST_SERIES + 2), RANGE)
    expect(series).toEqual(['m0', 'm1', 'm2', 'm3', 'm4', 'm5', 'm6', null])
    expect(points[0]?.values.at(-1)).toBe(93 + 92 + 91)
    expect(groups.slice(-3).map((group) => group.series)).toEqual([7, 7, 7])
  })

  it('is empty when there was nothing', () => {
    const { total, series, points } = foldUsage([], RANGE)
    expect([total.images, series, points.length]).toEqual([0, [], 3])
  })
})

describe('busiest', () => {
  it('is the first of the highest', () => {
    const { points } = foldUsage([part('a', 1), part('a', 4, 1), part('b', 4, 2)], RANGE)
    expect(busiest(points)?.start).toBe(DAY)
    expect(busiest([])).toBeUndefined()
  })
})
