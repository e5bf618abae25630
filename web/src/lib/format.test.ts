import { expect, it } from 'vitest'
import {
  formatDayName,
  formatDuration,
  formatRelative,
  formatTime,
  relativeHolds,
  startOfDay,
  withLocalTimes
} from './format.ts'

const day = (year: number, month: number, date: number) => new Date(year, month - 1, date).getTime()

it('tells times in messages as the reader has them', () => {
  const at = startOfDay(Date.now()) + 45_000_000
  const iso = new Date(at).toISOString()
  expect(withLocalTimes(`There may be more at ${iso}.`)).toBe(`There may be more at ${formatTime(at)}.`)
  const [soon, later] = [iso.replace('.000', ''), '2020-01-02T12:30:29.117Z']
  const told = withLocalTimes(`From ${soon} to ${later}, 2020-01-02T.`)
  expect(told).toContain(`From ${formatTime(at)} to `)
  expect(told).toMatch(/to .*2020.*, 2020-01-02T\.$/)
  expect(told).not.toContain('117')
})

it('calls today and yesterday by their names, and other days by their dates', () => {
  const today = day(2026, 3, 30)
  const names = [today, day(2026, 3, 29), day(2026, 3, 28), day(2025, 3, 30)].map((at) => formatDayName(at, today))
  expect(new Set(names).size).toBe(4)
  expect(names[2]).not.toContain('2026')
  expect(names[3]).toContain('2025')
  expect(formatDayName(day(2026, 1, 1), day(2026, 1, 2))).toBe(names[1])
})

it('begins days at midnight here', () => {
  expect(startOfDay(new Date(2026, 2, 29, 23, 59).getTime())).toBe(day(2026, 3, 29))
})

it('tells how far a moment is from now in one unit', () => {
  const told = (seconds: number) => formatRelative(seconds * 1000, 0)
  expect([0, -0.9, -1, -59, -60, -3599, -3600, -86_400, -172_800, -2_592_000, -31_536_000].map(told)).toEqual([
    'now',
    'now',
    '1 s ago',
    '59 s ago',
    '1 min ago',
    '59 min ago',
    '1 h ago',
    '1 day ago',
    '2 days ago',
    '1 month ago',
    '1 year ago'
  ])
  expect([0.5, 8, 7200].map(told)).toEqual(['now', 'in 8 s', 'in 2 h'])
})

it.each([0, -0.9, -1, -59.5, -60, -3599, -3600, -90_000, -5_000_000, 8, 61, 7201])(
  'knows how long the words for %d s from now hold',
  (seconds) => {
    const at = seconds * 1000
    const holds = relativeHolds(at, 0)
    expect(holds).toBeGreaterThan(0)
    expect(formatRelative(at, holds - 1)).toBe(formatRelative(at, 0))
    if (holds < 86_400_000) expect(formatRelative(at, holds)).not.toBe(formatRelative(at, 0))
  }
)

it('tells how long something took', () => {
  expect([0, 820, 4000, 12_400, 59_900, 185_000, 7_500_000].map(formatDuration)).toEqual([
    '0 ms',
    '820 ms',
    '4 s',
    '12 s',
    '60 s',
    '3 min 5 s',
    '2 h 5 min'
  ])
})
