import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { limitMessageRate } from './message-rate.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

describe('the rate of messages', () => {
  it('pauses a socket at its limit, once, until the window is over', () => {
    const calls: string[] = []
    const socket = { pause: () => void calls.push('pause'), resume: () => void calls.push('resume') }
    const rate = limitMessageRate(socket, { most: 3, windowMs: 1000, mostFullWindows: 10 }, () => calls.push('flood'))
    rate.count()
    rate.count()
    expect(calls).toEqual([])
    rate.count()
    // What the library had received already.
    rate.count()
    expect(calls).toEqual(['pause'])
    vi.advanceTimersByTime(1000)
    expect(calls).toEqual(['pause', 'resume'])
    rate.count()
    rate.count()
    vi.advanceTimersByTime(1000)
    rate.count()
    expect(calls).toEqual(['pause', 'resume'])
    rate.close()
    expect(vi.getTimerCount()).toBe(0)
  })

  it('has no timer while a socket is silent', () => {
    const socket = { pause: () => undefined, resume: () => undefined }
    const rate = limitMessageRate(socket, { most: 3, windowMs: 1000, mostFullWindows: 10 }, () => undefined)
    expect(vi.getTimerCount()).toBe(0)
    rate.count()
    vi.advanceTimersByTime(1000)
    expect(vi.getTimerCount()).toBe(1)
    vi.advanceTimersByTime(1000)
    expect(vi.getTimerCount()).toBe(0)
    rate.close()
  })

  const flooded = (perWindow: number, windows: number) => {
    let floods = 0
    const socket = { pause: () => undefined, resume: () => undefined }
    const rate = limitMessageRate(socket, { most: 3, windowMs: 1000, mostFullWindows: 10 }, () => (floods += 1))
    for (let window = 0; window < windows; window += 1) {
      for (let sent = 0; sent < perWindow; sent += 1) rate.count()
      vi.advanceTimersByTime(1000)
    }
    rate.close()
    return floods
  }

  it.each([
    ['at it for nine windows', 3, 9, 0],
    ['at it for ten', 3, 10, 1],
    ['at it for longer, once', 3, 30, 1],
    ['below it for ever', 2, 100, 0],
    ['ten times above it', 30, 1, 0],
    ['more than ten times above it', 31, 1, 1]
  ])('tells of a flood: %s', (_what, perWindow, windows, floods) => {
    expect(flooded(perWindow, windows)).toBe(floods)
  })

  it('forgives full windows after one that was not', () => {
    let floods = 0
    const socket = { pause: () => undefined, resume: () => undefined }
    const rate = limitMessageRate(socket, { most: 1, windowMs: 1000, mostFullWindows: 2 }, () => (floods += 1))
    for (const sends of [true, false, true, false, true]) {
      if (sends) rate.count()
      vi.advanceTimersByTime(1000)
    }
    expect(floods).toBe(0)
    rate.close()
  })
})
