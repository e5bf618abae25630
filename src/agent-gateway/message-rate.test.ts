import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { limitMessageRate } from './message-rate.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

describe('the rate of messages', () => {
  it('pauses a socket at its limit, once, until the window is over', () => {
    const calls: string[] = []
    const socket = { pause: () => void calls.push('pause'), resume: () => void calls.push('resume') }
    const rate = limitMessageRate(socket, { most: 3, windowMs: 1000 })
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
})
