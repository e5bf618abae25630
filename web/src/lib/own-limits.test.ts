import { describe, expect, it } from 'vitest'
import { formatUntil } from './format.ts'
import { quotasOf, warnQuota } from './own-limits.ts'

const NOW = Date.UTC(2026, 10, 27, 17, 30)
const account = (
  [imagesPerDay, imagesPerMonth]: [number | null, number | null],
  [today, thisMonth, onTheWay]: [number, number, number]
) => ({
  limits: { imagesPerDay, imagesPerMonth, maxActive: null, maxPixels: null, models: null },
  images: { total: 99, today, thisMonth, onTheWay }
})

describe('quotasOf', () => {
  it('counts what is on its way, and ends with the day and the month of UTC', () => {
    expect(quotasOf(account([46, 100], [40, 60, 4]), NOW)).toEqual([
      { name: 'day', most: 46, used: 44, left: 2, endsAt: Date.UTC(2026, 10, 28) },
      { name: 'month', most: 100, used: 64, left: 36, endsAt: Date.UTC(2026, 11, 1) }
    ])
    expect(quotasOf(account([null, null], [40, 60, 4]), NOW)).toEqual([])
    // Lowered afterwards.
    expect(quotasOf(account([5, null], [40, 60, 0]), NOW)[0]?.left).toBe(0)
  })
})

describe('warnQuota', () => {
  const day = formatUntil(Date.UTC(2026, 10, 28), NOW)
  const month = formatUntil(Date.UTC(2026, 11, 1), NOW)
  it.each<[string, ReturnType<typeof account>, number, string | undefined]>([
    ['no limit', account([null, null], [40, 60, 0]), 9, undefined],
    ['plenty left', account([46, null], [10, 10, 0]), 4, undefined],
    ['few left', account([46, null], [42, 42, 0]), 4, `You may make 46 images a day and have 4 left until ${day}.`],
    [
      'too many asked',
      account([46, null], [44, 44, 0]),
      3,
      `You may make 46 images a day and have 2 left until ${day}: 3 at once are refused.`
    ],
    [
      'none left',
      account([46, null], [40, 40, 6]),
      1,
      `You may make 46 images a day, and they are made or on their way. There are more from ${day} on; an admin can raise it.`
    ],
    [
      'the month is nearer',
      account([46, 50], [1, 49, 0]),
      1,
      `You may make 50 images a month and have 1 left until ${month}.`
    ],
    ['a single one', account([1, null], [0, 0, 0]), 1, `You may make 1 image a day and have 1 left until ${day}.`]
  ])('%s', (_what, of, n, words) => expect(warnQuota(of, n, NOW)).toBe(words))
})
