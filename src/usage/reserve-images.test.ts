import { describe, expect, it } from 'vitest'
import { dayOf, monthOf } from './reserve-images.ts'

const at = (text: string) => Date.parse(text)
const iso = ({ start, end }: { start: number; end: number }) => [start, end].map((ms) => new Date(ms).toISOString())

describe('the windows of quotas', () => {
  it.each([
    ['2026-11-22T15:30:00Z', '2026-11-22T00:00:00.000Z', '2026-11-23T00:00:00.000Z'],
    ['2026-11-22T00:00:00Z', '2026-11-22T00:00:00.000Z', '2026-11-23T00:00:00.000Z'],
    ['2026-11-22T23:59:59.999Z', '2026-11-22T00:00:00.000Z', '2026-11-23T00:00:00.000Z'],
    // In Auckland this is the 23rd already: the day is UTC, whoever asks.
    ['2026-11-23T01:00:00+13:00', '2026-11-22T00:00:00.000Z', '2026-11-23T00:00:00.000Z'],
    ['2026-12-31T23:00:00Z', '2026-12-31T00:00:00.000Z', '2027-01-01T00:00:00.000Z'],
    ['2028-02-28T12:00:00Z', '2028-02-28T00:00:00.000Z', '2028-02-29T00:00:00.000Z']
  ])('the day of %s', (now, start, end) => {
    expect(iso(dayOf(at(now)))).toEqual([start, end])
  })

  it.each([
    ['2026-11-30T23:59:59.999Z', '2026-11-01T00:00:00.000Z', '2026-12-01T00:00:00.000Z'],
    ['2026-12-01T00:00:00Z', '2026-12-01T00:00:00.000Z', '2027-01-01T00:00:00.000Z'],
    ['2028-02-29T12:00:00Z', '2028-02-01T00:00:00.000Z', '2028-03-01T00:00:00.000Z'],
    ['2027-03-01T00:30:00+01:00', '2027-02-01T00:00:00.000Z', '2027-03-01T00:00:00.000Z']
  ])('the month of %s', (now, start, end) => {
    expect(iso(monthOf(at(now)))).toEqual([start, end])
  })
})
