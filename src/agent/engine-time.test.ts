import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { EngineTime } from './engine-time.ts'

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }))
afterEach(() => void vi.useRealTimers())

function timed() {
  const abort = new AbortController()
  return { abort, time: new EngineTime(abort, 1000) }
}

describe('the time of an engine', () => {
  it('ends the image after as long as it may take, and not before', () => {
    const { abort } = timed()
    vi.advanceTimersByTime(999)
    expect(abort.signal.aborted).toBe(false)
    vi.advanceTimersByTime(1)
    expect(String(abort.signal.reason)).toContain('longer than 1s')
  })

  it('counts from when its server has begun, and from the first word of that alone', () => {
    const { abort, time } = timed()
    vi.advanceTimersByTime(900)
    time.begin()
    vi.advanceTimersByTime(400)
    time.begin()
    time.wait()
    expect([time.ms, time.hasBegun]).toEqual([400, true])
    vi.advanceTimersByTime(599)
    expect(abort.signal.aborted).toBe(false)
    vi.advanceTimersByTime(1)
    expect(abort.signal.aborted).toBe(true)
  })

  it('does not pass while its server says that it waits, and ends it when no word of that comes any more', () => {
    const { abort, time } = timed()
    for (let i = 0; i < 5; i++) {
      vi.advanceTimersByTime(900)
      time.wait()
    }
    expect([abort.signal.aborted, time.ms]).toEqual([false, 0])
    vi.advanceTimersByTime(1000)
    expect(abort.signal.aborted).toBe(true)
  })

  it('counts from when nothing of ours is before it, until its server tells more', () => {
    const { time } = timed()
    vi.advanceTimersByTime(900)
    time.wait()
    vi.advanceTimersByTime(300)
    expect([time.ms, time.hasBegun]).toEqual([300, false])
    time.begin()
    vi.advanceTimersByTime(100)
    expect(time.ms).toBe(100)
    time.stop()
  })
})
