import { expect, it } from 'vitest'
import { formatDayName, startOfDay } from './format.ts'

const day = (year: number, month: number, date: number) => new Date(year, month - 1, date).getTime()

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
