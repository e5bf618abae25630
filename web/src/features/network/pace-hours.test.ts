import { describe, expect, it } from 'vitest'
import { dayStarts, paceHours } from './pace-hours.ts'

const HOUR_MS = 3_600_000
const NOW = Date.UTC(2026, 5, 15, 12, 34)
const NOON = Date.UTC(2026, 5, 15, 12)

describe('paceHours', () => {
  it('fills the hours without images', () => {
    const hours = paceHours([{ at: NOON - 2 * HOUR_MS, images: 4, secondsPerMegapixel: 3.5 }], NOW)
    expect(hours).toHaveLength(168)
    expect(hours.slice(-3)).toEqual([
      { at: NOON - 2 * HOUR_MS, images: 4, secondsPerMegapixel: 3.5 },
      { at: NOON - HOUR_MS, images: 0, secondsPerMegapixel: null },
      { at: NOON, images: 0, secondsPerMegapixel: null }
    ])
  })

  it('leaves out what is older', () => {
    const hours = paceHours([{ at: NOON - 400 * HOUR_MS, images: 4, secondsPerMegapixel: 3.5 }], NOW)
    expect(hours.every(({ images }) => images === 0)).toBe(true)
  })
})

describe('dayStarts', () => {
  it('has one mark for each day', () => expect(dayStarts(paceHours([], NOW))).toHaveLength(7))
})
