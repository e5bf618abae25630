import { describe, expect, it } from 'vitest'
import { attempt } from '../../../lib/request-samples.ts'
import { timingWords } from './timing-words.ts'
import { durationOf, phaseTotals, timingsOf, tookMs, waitedUntil } from './timing.ts'

const lengths = (...attempts: Parameters<typeof timingsOf>[0]) =>
  timingsOf(attempts, 20_000).map(({ segments }) => segments.map(({ phase, ms }) => `${phase} ${ms}`))

describe('timingsOf', () => {
  it('divides the life of an image into its phases', () => {
    expect(lengths(attempt())).toEqual([['queued 1000', 'loading 500', 'generating 5500', 'storing 1000']])
  })

  it('has a line for each image, in their order', () => {
    const timings = timingsOf([attempt({ image: 2 }), attempt({ image: 0 }), attempt({ image: 2 })], 0)
    expect(timings.map(({ image, attempts }) => [image, attempts])).toEqual([
      [0, 1],
      [2, 2]
    ])
  })

  it('counts as generating what no step tells from loading', () => {
    expect(lengths(attempt({ progressedAt: null }))).toEqual([['queued 1000', 'generating 6000', 'storing 1000']])
  })

  it('counts as generating what the agent did not measure', () => {
    expect(lengths(attempt({ generatingMs: null }))).toEqual([['queued 1000', 'loading 500', 'generating 6500']])
  })

  it('goes on until now while it runs', () => {
    const running = attempt({ state: 'running', generatingMs: null, finishedAt: null })
    const [timing] = timingsOf([running], 20_000)
    expect(timing?.segments.at(-1)).toEqual({ phase: 'generating', ms: 17_500, wasted: false, open: true })
    const loading = timingsOf([{ ...running, progressedAt: null }], 20_000)[0]
    expect(loading?.segments.at(-1)).toMatchObject({ phase: 'loading', ms: 18_000, open: true })
  })

  it('is never negative when clocks jump', () => {
    const odd = [
      attempt({ assignedAt: 500 }),
      attempt({ finishedAt: 1500 }),
      attempt({ progressedAt: 100 }),
      attempt({ progressedAt: 50_000 }),
      attempt({ generatingMs: 99_999 }),
      attempt({ state: 'running', finishedAt: null, generatingMs: null, assignedAt: 90_000 })
    ]
    for (const one of odd) {
      const [timing] = timingsOf([one], 20_000)
      expect(timing?.totalMs).toBeGreaterThanOrEqual(0)
      for (const { ms } of timing?.segments ?? []) expect(ms).toBeGreaterThanOrEqual(0)
    }
    expect(lengths(attempt({ generatingMs: 99_999 }))).toEqual([['queued 1000', 'loading 500', 'generating 6500']])
  })

  it('puts attempts after each other and marks those in vain', () => {
    const failed = attempt({ state: 'failed', generatingMs: null, finishedAt: 4000 })
    const again = attempt({
      queuedAt: 4000,
      assignedAt: 5000,
      progressedAt: 5500,
      generatingMs: 3000,
      finishedAt: 9000
    })
    const [timing] = timingsOf([failed, again], 0)
    expect(timing?.segments.map(({ wasted }) => wasted)).toEqual([false, true, true, false, false, false, false])
    expect(timing?.totalMs).toBe(8000)
    expect(timing && phaseTotals(timing)).toEqual([
      { phase: 'queued', ms: 2000 },
      { phase: 'loading', ms: 1000 },
      { phase: 'generating', ms: 4000 },
      { phase: 'storing', ms: 1000 }
    ])
  })

  it('has the wait in it that ended without another try, and none after an image', () => {
    const failed = attempt({ state: 'failed', progressedAt: null, generatingMs: null, finishedAt: 4000 })
    const [timing] = timingsOf([failed, attempt({ image: 1 })], 0, 36_000)
    expect(timing && phaseTotals(timing)).toEqual([
      { phase: 'queued', ms: 33_000 },
      { phase: 'generating', ms: 2000 }
    ])
    expect(timing?.totalMs).toBe(35_000)
    expect(timingsOf([attempt()], 0, 36_000)[0]?.totalMs).toBe(8000)
    const ended = { status: 'failed' as const, finishedAt: 36_000 }
    expect(waitedUntil({ ...ended, error: { code: 'upstream_busy', message: '' } })).toBe(36_000)
    expect(waitedUntil({ ...ended, error: { code: 'upstream_error', message: '' } })).toBeUndefined()
    expect(waitedUntil({ ...ended, status: 'canceled', error: null })).toBe(36_000)
  })

  it('leaves out the time between the end and a retry of the whole request', () => {
    const failed = attempt({ state: 'failed', generatingMs: null, finishedAt: 4000 })
    const day = 86_400_000
    const again = attempt({
      queuedAt: day,
      assignedAt: day + 1000,
      progressedAt: null,
      generatingMs: 2000,
      finishedAt: day + 3000
    })
    expect(timingsOf([failed, again], 0)[0]?.totalMs).toBe(3000 + 3000)
  })

  it('counts the time once in which a lost attempt and the next one overlap', () => {
    const lapsed = attempt({ state: 'lapsed', generatingMs: null, finishedAt: 8000 })
    const again = attempt({
      queuedAt: 3000,
      assignedAt: 6000,
      progressedAt: null,
      generatingMs: 4000,
      finishedAt: 10_000
    })
    expect(timingsOf([lapsed, again], 0)[0]?.totalMs).toBe(9000)
  })

  it('does not let an attempt go on for ever of which the end is not known', () => {
    const lapsed = attempt({ state: 'lapsed', generatingMs: null, finishedAt: null })
    expect(lengths(lapsed)).toEqual([['queued 1000', 'loading 500']])
  })
})

describe('durationOf', () => {
  it('lasts until now while it runs and is never negative', () => {
    expect(durationOf(attempt(), 0)).toBe(7000)
    expect(durationOf(attempt({ finishedAt: null }), 5000)).toBe(3000)
    expect(durationOf(attempt({ finishedAt: 10 }), 0)).toBe(0)
  })
})

describe('tookMs', () => {
  it('counts from when it was asked for, so that no wait before the first try is left out', () => {
    expect(tookMs({ createdAt: 1000, startedAt: 1100, finishedAt: 7600 })).toBe(6600)
  })

  it.each([
    [1000, null, 2000],
    [1000, 1100, null],
    [1000, 900, 999]
  ])(
    'is told of none that has not ended, was never begun or ended before it was asked for: %j',
    (createdAt, startedAt, finishedAt) => {
      expect(tookMs({ createdAt, startedAt, finishedAt })).toBeUndefined()
    }
  )
})

describe('timingWords', () => {
  const [once] = timingsOf([attempt()], 20_000)
  const [twice] = timingsOf([attempt({ state: 'failed' }), attempt()], 20_000)

  it('have no total where the request has its own, for two that begin at other moments differ', () => {
    expect(once && timingWords(once, { hasTotal: false })).toMatch(/^Queued 1 s, loading 500 ms, /)
    expect(twice && timingWords(twice, { hasTotal: false })).toMatch(/^In 2 tries: queued 1 s, /)
  })

  it('have one where nothing else tells it', () => {
    expect(once && timingWords(once, { hasTotal: true })).toMatch(/^8 s: queued 1 s, /)
    expect(twice && timingWords(twice, { hasTotal: true })).toMatch(/^8 s in 2 tries: queued 1 s, /)
  })
})
