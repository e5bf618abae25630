import { describe, expect, it } from 'vitest'
import { formatUntil } from './format.ts'
import { noteQuota, quotasOf, untilNextCount } from './own-limits.ts'

const NOW = Date.UTC(2026, 10, 27, 17, 30)
const JUST_COUNTED = { now: NOW, countedAt: NOW }
const account = (
  [imagesPerDay, imagesPerMonth]: [number | null, number | null],
  [today, thisMonth, onTheWay]: [number, number, number]
) => ({
  limits: { imagesPerDay, imagesPerMonth, maxActive: null, maxPixels: null, models: null },
  images: { total: 99, today, thisMonth, onTheWay }
})

describe('quotasOf', () => {
  it('counts what is on its way, and ends with the day and the month of UTC', () => {
    expect(quotasOf(account([46, 100], [40, 60, 4]), JUST_COUNTED)).toEqual([
      { name: 'day', most: 46, used: 44, left: 2, endsAt: Date.UTC(2026, 10, 28) },
      { name: 'month', most: 100, used: 64, left: 36, endsAt: Date.UTC(2026, 11, 1) }
    ])
    expect(quotasOf(account([null, null], [40, 60, 4]), JUST_COUNTED)).toEqual([])
    // Lowered afterwards.
    expect(quotasOf(account([5, null], [40, 60, 0]), JUST_COUNTED)[0]?.left).toBe(0)
  })

  it.each<[string, number, number, [number, number]]>([
    ['in this day', Date.UTC(2026, 10, 27), NOW, [44, 64]],
    ['the day before', Date.UTC(2026, 10, 27) - 1, NOW, [4, 64]],
    ['the month before', Date.UTC(2026, 11, 1) - 1, Date.UTC(2026, 11, 1), [4, 4]]
  ])('counts what was made by when that was: %s', (_when, countedAt, now, used) => {
    expect(quotasOf(account([46, 100], [40, 60, 4]), { now, countedAt }).map((quota) => quota.used)).toEqual(used)
  })
})

describe('noteQuota', () => {
  const day = formatUntil(Date.UTC(2026, 10, 28), NOW)
  const month = formatUntil(Date.UTC(2026, 11, 1), NOW)
  const few = (text: string) => ({ text, isRefusal: false })
  const refused = (text: string) => ({ text, isRefusal: true })
  const noneOf = (most: number, name: string, until: string) =>
    refused(
      `You may make ${most} images a ${name}, and they are made or on their way. There are more from ${until} on; an admin can raise it.`
    )
  it.each<[string, ReturnType<typeof account>, number, ReturnType<typeof noteQuota>]>([
    ['no limit', account([null, null], [40, 60, 0]), 9, undefined],
    ['plenty left', account([46, null], [10, 10, 0]), 4, undefined],
    [
      'all that are left',
      account([46, null], [42, 42, 0]),
      4,
      few(`You may make 46 images a day and have 4 left until ${day}.`)
    ],
    [
      'one more than are left',
      account([46, null], [42, 42, 0]),
      5,
      refused(`You may make 46 images a day and have 4 left until ${day}: 5 at once are refused.`)
    ],
    [
      'the one image made',
      account([1, null], [1, 1, 0]),
      1,
      refused(
        `You may make 1 image a day, and it is made or on its way. There are more from ${day} on; an admin can raise it.`
      )
    ],
    ['none left', account([46, null], [40, 40, 6]), 1, noneOf(46, 'day', day)],
    [
      'the month is nearer',
      account([46, 50], [1, 49, 0]),
      1,
      few(`You may make 50 images a month and have 1 left until ${month}.`)
    ],
    ['both refuse, and the month for longer', account([46, 50], [46, 50, 0]), 1, noneOf(50, 'month', month)],
    [
      'both refuse, and the month, of which more are left, for longer',
      account([46, 50], [46, 48, 0]),
      3,
      refused(`You may make 50 images a month and have 2 left until ${month}: 3 at once are refused.`)
    ],
    ['the day alone refuses', account([46, 50], [46, 48, 0]), 2, noneOf(46, 'day', day)],
    ['a single one', account([1, null], [0, 0, 0]), 1, few(`You may make 1 image a day and have 1 left until ${day}.`)]
  ])('%s', (_what, of, n, note) => expect(noteQuota(of, n, JUST_COUNTED)).toEqual(note))

  it('refuses no more when the day has ended', () => {
    const midnight = Date.UTC(2026, 10, 28)
    const at = (now: number) => noteQuota(account([46, null], [46, 46, 0]), 1, { now, countedAt: NOW })?.isRefusal
    expect([at(midnight - 1), at(midnight)]).toEqual([true, undefined])
  })
})

it.each<[string, number, number]>([
  ['in the day', NOW, 15_000],
  ['before its end', Date.UTC(2026, 10, 28) - 4000, 4000],
  ['at its very end, a second later', Date.UTC(2026, 10, 28) - 3, 1000],
  ['when the next has begun', Date.UTC(2026, 10, 28), 15_000]
])('images are counted again %s', (_when, now, ms) => expect(untilNextCount(now, 15_000)).toBe(ms))
