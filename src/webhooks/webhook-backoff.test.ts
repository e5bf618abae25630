import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { nextTryAt } from './webhook-backoff.ts'

const SECOND = 1000
const HOUR = 3600 * SECOND
const FIRST = 1_700_000_000_000

/** Milliseconds from the first try to each later one, when every try fails at once. */
function schedule(random: () => number): number[] {
  const tries: number[] = []
  for (let now = FIRST; ;) {
    const next = nextTryAt({ firstTryAt: FIRST, now, random: random() })
    if (next === undefined) return tries
    tries.push(next - FIRST)
    now = next
  }
}

describe('the tries of a receiver that never answers well', () => {
  it('come ever more slowly for 24 h', () => {
    const early = [5, 15, 45, 135, 405, 1215, 3645, 10_935].map((seconds) => seconds * SECOND)
    const late = [1, 2, 3, 4, 5].map((pauses) => 10_935 * SECOND + pauses * 4 * HOUR)
    expect(schedule(() => 0)).toEqual([...early, ...late, 24 * HOUR])
  })

  it('go on for all of 24 h and no longer, however the dice fall', () => {
    const dice = fc.infiniteStream(fc.double({ min: 0, max: 1, noNaN: true }))
    fc.assert(
      fc.property(dice, (random) => {
        const tries = schedule(() => random.next().value as number)
        expect(tries.at(-1)).toBe(24 * HOUR)
        expect(tries).toEqual(tries.toSorted((a, b) => a - b))
        expect(tries.length).toBeGreaterThan(10)
        expect(tries.length).toBeLessThan(25)
      })
    )
  })
})

describe('a pause', () => {
  it('is shortened by at most a fifth', () => {
    expect(nextTryAt({ firstTryAt: FIRST, now: FIRST, random: 1 })).toBe(FIRST + 4 * SECOND)
    expect(nextTryAt({ firstTryAt: FIRST, now: FIRST + HOUR, random: 0.5 })).toBe(FIRST + HOUR + 1.8 * HOUR)
  })

  it('never leads past the end', () => {
    const now = FIRST + 24 * HOUR - 1
    expect(nextTryAt({ firstTryAt: FIRST, now, random: 0 })).toBe(FIRST + 24 * HOUR)
    expect(nextTryAt({ firstTryAt: FIRST, now: now + 1, random: 0 })).toBeUndefined()
    expect(nextTryAt({ firstTryAt: FIRST, now: FIRST + 99 * HOUR, random: 1 })).toBeUndefined()
  })
})
