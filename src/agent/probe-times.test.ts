import { describe, expect, it } from 'vitest'
import { nextPause, USUAL_TIMES } from './probe-times.ts'

describe('an image server that is bad', () => {
  /** When it is asked, in milliseconds after it was found so, if it never comes back. */
  const asks = (ofMs: number, { isSlow = false, hangs = false } = {}) => {
    const times: number[] = []
    for (let at = 0, pause = 0; at < ofMs; times.push(at)) {
      pause = nextPause(USUAL_TIMES, { pause, badForMs: at, isSlow, hangs })
      at += pause
    }
    return times
  }
  const pauses = (at: readonly number[]) => at.map((ms, index) => ms - (at[index - 1] ?? 0))

  it('is found within four seconds for a minute, and within a minute ever after', () => {
    const hour = asks(3_600_000)
    expect(pauses(hour).slice(0, 4)).toEqual([1000, 2000, 4000, 4000])
    expect(Math.max(...pauses(hour.filter((ms) => ms <= 60_000)))).toBe(4000)
    expect(pauses(hour.filter((ms) => ms > 56_000)).slice(1, 8)).toEqual([
      4000, 8000, 16_000, 32_000, 60_000, 60_000, 60_000
    ])
  })

  it('and only has no time is asked as rarely as before, however long that takes', () => {
    expect(pauses(asks(300_000, { isSlow: true }))).toEqual([
      4000, 8000, 16_000, 32_000, 60_000, 60_000, 60_000, 60_000
    ])
    expect(nextPause(USUAL_TIMES, { pause: 32_000, badForMs: 59_999, isSlow: false, hangs: false })).toBe(4000)
  })

  it('and hangs is found within fifteen seconds ever after, for nothing tells when that ends', () => {
    const hour = pauses(asks(3_600_000, { isSlow: true, hangs: true }))
    expect([hour.slice(0, 5), Math.max(...hour)]).toEqual([[1000, 2000, 4000, 8000, 15_000], 15_000])
  })

  it('is not left alone for longer than was said', () => {
    expect(
      nextPause({ ...USUAL_TIMES, longestPauseMs: 20 }, { pause: 0, badForMs: 0, isSlow: true, hangs: true })
    ).toBe(20)
    const times = { ...USUAL_TIMES, firstPauseMs: 5, longestPauseMs: 20 }
    expect(nextPause(times, { pause: 20, badForMs: 0, isSlow: false, hangs: false })).toBe(20)
    expect(nextPause(times, { pause: 0, badForMs: 0, isSlow: true, hangs: false })).toBe(20)
  })
})
