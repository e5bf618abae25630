import { describe, expect, it } from 'vitest'
import { bucketsOf, checkDays, daysOf, rangeOf } from './usage-range.ts'

const NOW = Date.parse('2026-03-05T17:40:00Z')
const HOUR = 3_600_000
const days = (search: Parameters<typeof rangeOf>[0]) => daysOf(rangeOf(search, NOW))

describe('rangeOf', () => {
  it('counts whole days of UTC, today included', () => {
    expect(days({ range: '7d' })).toEqual({ from: '2026-02-27', to: '2026-03-05' })
    expect(days({})).toEqual({ from: '2026-02-04', to: '2026-03-05' })
    expect(days({ range: 'this-month' })).toEqual({ from: '2026-03-01', to: '2026-03-05' })
    expect(days({ range: 'last-month' })).toEqual({ from: '2026-02-01', to: '2026-02-28' })
  })

  it('finds the month before January', () => {
    const january = Date.parse('2026-01-31T00:00:00Z')
    expect(daysOf(rangeOf({ range: 'last-month' }, january))).toEqual({ from: '2025-12-01', to: '2025-12-31' })
  })

  it('shows a day by the hour', () => {
    const today = rangeOf({ range: 'today' }, NOW)
    expect(today.bucketMs).toBe(HOUR)
    expect(bucketsOf(today)).toHaveLength(24)
    expect(bucketsOf(today)[1]).toBe(Date.parse('2026-03-05T01:00:00Z'))
  })

  it('takes days that were chosen, and the usual ones when they make no range', () => {
    const chosen = { range: 'custom' as const, from: '2026-01-30', to: '2026-02-02' }
    expect(days(chosen)).toEqual({ from: '2026-01-30', to: '2026-02-02' })
    expect(bucketsOf(rangeOf(chosen, NOW))).toHaveLength(4)
    expect(days({ ...chosen, to: '2026-01-29' })).toEqual(days({}))
    expect(days({ range: 'custom', from: '2026-01-30' })).toEqual(days({}))
  })
})

describe('checkDays', () => {
  it('wants them in order and not too many', () => {
    expect(checkDays('2026-01-01', '2026-01-01')).toBeUndefined()
    expect(checkDays('2026-01-02', '2026-01-01')).toMatch(/before/)
    expect(checkDays('2024-01-01', '2026-01-01')).toMatch(/at most/)
    expect(checkDays('', '2026-01-01')).toMatch(/two days/)
  })
})
