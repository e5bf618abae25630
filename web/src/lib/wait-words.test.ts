import { describe, expect, it } from 'vitest'
import { formatDuration, formatTime } from './format.ts'
import { leftOf } from './time-left.ts'
import { elapsedText, idleText, reasonText } from './wait-words.ts'

const NOW = 1_000_000_000

describe('why a request waits', () => {
  it('is told with the time at which that ends', () => {
    const until = NOW + 3_000_000
    expect(reasonText({ wait: { reason: 'capped', until } }, NOW)).toBe(
      `The owner's limit per hour is reached, goes on at ${formatTime(until)}`
    )
    expect(reasonText({ wait: { reason: 'paused', until: NOW + 2000 } }, NOW)).toMatch(/asked again in a moment$/)
    expect(reasonText({ wait: { reason: 'paused', until: NOW - 2000 } }, NOW)).toMatch(/asked again in a moment$/)
  })

  it('is told without a time that nobody knows', () => {
    const texts = (['capped', 'retry', 'paused', 'unusable', 'drained', 'away', 'approval'] as const).map((reason) =>
      reasonText({ wait: { reason, until: null } }, NOW)
    )
    expect(new Set(texts).size).toBe(7)
    expect(texts[3]).toBe('The image server is down, goes on by itself')
    for (const text of texts) expect(text).not.toMatch(/ at | in a moment/)
    expect(reasonText({ wait: null }, NOW)).toBeNull()
  })
})

describe('an image of which no step is known', () => {
  const base = { wait: null, n: 1, queuePosition: null, createdAt: NOW - 30_000, startedAt: null } as const

  it('shows the time that has passed', () => {
    const running = { ...base, status: 'running', startedAt: NOW - 12_400 } as const
    expect(idleText(running, NOW)).toBe(`Being made, ${formatDuration(12_000)}`)
    expect(idleText({ ...running, n: 2, queuePosition: 3 }, NOW)).toBe(formatDuration(12_000))
    expect(idleText({ ...base, status: 'queued' }, NOW)).toBe(`Waiting, ${formatDuration(30_000)}`)
    // It was begun and waits anew: its waiting did not begin with that.
    expect(idleText({ ...running, status: 'queued' }, NOW)).toBe(`Waiting, ${formatDuration(30_000)}`)
    expect(elapsedText(NOW + 5000, NOW)).toBe(formatDuration(1000))
  })

  it('shows why it waits', () => {
    const wait = { reason: 'away', until: null } as const
    expect(idleText({ ...base, status: 'queued', wait }, NOW)).toBe('No machine for it is online')
  })
})

describe('an estimate', () => {
  it('counts down from when it was told, to nothing', () => {
    const at = (now: number) => leftOf({ etaSeconds: 8, etaToldAt: NOW }, now)
    expect([NOW - 5000, NOW, NOW + 2500, NOW + 8000, NOW + 99_000].map(at)).toEqual([8, 8, 6, 0, 0])
    expect(leftOf({ etaSeconds: null, etaToldAt: null }, NOW)).toBeNull()
  })
})
