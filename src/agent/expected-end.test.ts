import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { ExpectedEnd, SeenPaces } from './expected-end.ts'

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }))
afterEach(() => void vi.useRealTimers())

type Pace = ReturnType<ExpectedEnd['end']>

function expecting(pace: Pace | undefined, leadMs = 100) {
  const said: string[] = []
  const expected = new ExpectedEnd({
    leadMs,
    pace,
    onNear: () => void said.push('near'),
    onLate: () => void said.push('late')
  })
  expected.begin()
  return { expected, said }
}

describe('the end of an image', () => {
  it('is expected by its steps and what comes after the last, and late after twice as long as it was near', () => {
    const { expected, said } = expecting({ wholeMs: 60_000, tailMs: 500 })
    expected.onStep(1, 4)
    vi.advanceTimersByTime(200)
    // Two steps of 200 ms and 500 ms more.
    expected.onStep(2, 4)
    vi.advanceTimersByTime(799)
    expect(said).toEqual([])
    vi.advanceTimersByTime(1)
    expect(said).toEqual(['near'])
    // What is told after that changes nothing.
    expected.onStep(3, 4)
    vi.advanceTimersByTime(199)
    expect(said).toEqual(['near'])
    vi.advanceTimersByTime(1)
    expect(said).toEqual(['near', 'late'])
    expected.onStep(4, 4)
    vi.advanceTimersByTime(60_000)
    expect(said).toEqual(['near', 'late'])
  })

  it('is expected later when steps take longer than before', () => {
    const { expected, said } = expecting({ wholeMs: 60_000, tailMs: 0 })
    expected.onStep(1, 3)
    vi.advanceTimersByTime(200)
    expected.onStep(2, 3)
    vi.advanceTimersByTime(99)
    expected.onStep(2, 3)
    vi.advanceTimersByTime(150)
    expect(said).toEqual([])
    vi.advanceTimersByTime(50)
    expect(said).toEqual(['near'])
    expected.stop()
  })

  it('is not expected by how long one like it took when that told steps', () => {
    const { said } = expecting({ wholeMs: 1000, tailMs: 100 })
    vi.advanceTimersByTime(5000)
    expect(said).toEqual([])
  })

  it('is expected by how long one like it took where no steps are told, from when it begins', () => {
    const { expected, said } = expecting({ wholeMs: 1000 })
    vi.advanceTimersByTime(899)
    expected.begin()
    vi.advanceTimersByTime(899)
    expect(said).toEqual([])
    vi.advanceTimersByTime(1)
    expect(said).toEqual(['near'])
    expected.stop()
  })

  it.each([
    ['nothing is known', undefined, 100],
    ['it is not to be said', { wholeMs: 10, tailMs: 0 }, 0]
  ])('is not expected where %s', (_why, pace, leadMs) => {
    const { expected, said } = expecting(pace, leadMs)
    for (const step of [1, 2, 3]) {
      expected.onStep(step, 3)
      vi.advanceTimersByTime(1000)
    }
    expect(said).toEqual([])
  })

  it.each([
    [0, 0],
    [0, 2_147_483_647],
    [5, 3]
  ])('is not believed to be there because of step %s of %s', (step, steps) => {
    const { expected, said } = expecting({ wholeMs: 2 ** 40, tailMs: 2 ** 40 })
    expected.onStep(step, steps)
    vi.advanceTimersByTime(1000)
    expected.onStep(step + 1, steps)
    vi.advanceTimersByTime(1000)
    expect(said).toEqual([])
    expected.stop()
  })

  it('ends what is expected, and tells what it took', () => {
    const { expected, said } = expecting({ wholeMs: 1000, tailMs: 1000 })
    vi.advanceTimersByTime(300)
    expected.onStep(3, 3)
    expected.onStep(3, 3)
    vi.advanceTimersByTime(50)
    expect(expected.end()).toEqual({ wholeMs: 350, tailMs: 50 })
    expected.onStep(3, 3)
    expected.begin()
    expect(vi.getTimerCount()).toBe(0)
    vi.advanceTimersByTime(10_000)
    expect(said).toEqual([])
  })
})

describe('what was seen of how long images take', () => {
  it('is not forgotten because of one that told no steps', () => {
    const paces = new SeenPaces()
    paces.note('a', { wholeMs: 5 })
    paces.note('a', { wholeMs: 1000, tailMs: 100 })
    paces.note('a', { wholeMs: 2 })
    expect(paces.of('a')).toEqual({ wholeMs: 1000, tailMs: 100 })
  })

  it('is kept of two hundred kinds, of those that came last', () => {
    const paces = new SeenPaces()
    for (let kind = 0; kind < 200; kind++) paces.note(String(kind), { wholeMs: kind })
    paces.note('0', { wholeMs: 7 })
    expect(paces.of('1')).toEqual({ wholeMs: 1 })
    paces.note('200', { wholeMs: 8 })
    expect([paces.of('0'), paces.of('1'), paces.of('2')]).toEqual([{ wholeMs: 7 }, undefined, { wholeMs: 2 }])
  })
})
