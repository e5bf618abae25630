import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createLive } from './live.ts'

const CONNECTING = 0
const CLOSED = 2

class FakeSource extends EventTarget {
  readonly url: string
  readyState = 1

  constructor(url: string) {
    super()
    this.url = url
  }

  close(): void {
    this.readyState = CLOSED
  }

  fail(readyState: number): void {
    this.readyState = readyState
    this.dispatchEvent(new Event('error'))
  }

  tell(name: string, data: unknown): void {
    this.dispatchEvent(new MessageEvent(name, { data: JSON.stringify(data) }))
  }
}

const LONG_MS = 60_000

function startLive() {
  const sources: FakeSource[] = []
  const live = createLive((url) => {
    const source = new FakeSource(url)
    sources.push(source)
    return source as unknown as EventSource
  })
  live.start()
  return { live, sources }
}

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

describe('the event stream of a tab', () => {
  it('tells what comes until nobody wants to hear it', () => {
    const { live, sources } = startLive()
    const heard: string[] = []
    const stop = live.on('removed', ({ id }) => heard.push(id))
    sources[0]?.tell('removed', { id: 'req_1' })
    stop()
    sources[0]?.tell('removed', { id: 'req_2' })
    expect(heard).toEqual(['req_1'])
  })

  it('is opened again when the browser has given it up, and not while the browser tries itself', () => {
    const { sources } = startLive()
    sources[0]?.fail(CONNECTING)
    vi.advanceTimersByTime(LONG_MS)
    expect(sources).toHaveLength(1)
    sources[0]?.fail(CLOSED)
    vi.advanceTimersByTime(LONG_MS)
    expect(sources).toHaveLength(2)
    sources[1]?.fail(CLOSED)
    vi.advanceTimersByTime(LONG_MS)
    expect(sources).toHaveLength(3)
  })

  it('is not opened again once it was stopped, nor a second time for another scope', () => {
    const { live, sources } = startLive()
    sources[0]?.fail(CLOSED)
    live.setScope('all')
    sources[0]?.fail(CLOSED)
    vi.advanceTimersByTime(LONG_MS)
    expect(sources.map(({ url }) => url)).toEqual(['/api/dashboard/events', '/api/dashboard/events?owner=all'])
    sources[1]?.fail(CLOSED)
    live.stop()
    vi.advanceTimersByTime(LONG_MS)
    expect(sources).toHaveLength(2)
  })

  it('gives its connection back while nobody looks at the tab', () => {
    const { live, sources } = startLive()
    live.setAway(true)
    expect(sources[0]?.readyState).toBe(CLOSED)
    live.setScope('all')
    vi.advanceTimersByTime(LONG_MS)
    expect(sources).toHaveLength(1)
    live.setAway(false)
    expect(sources.map(({ url }) => url)).toEqual(['/api/dashboard/events', '/api/dashboard/events?owner=all'])
  })
  it('is doubted when it breaks off, and when it is quiet for long', () => {
    const { live, sources } = startLive()
    const doubter = vi.fn()
    live.onDoubt(doubter)
    vi.advanceTimersByTime(15_000)
    sources[0]?.tell('removed', { id: 'req_1' })
    vi.advanceTimersByTime(15_000)
    expect(doubter).toHaveBeenCalledTimes(0)
    vi.advanceTimersByTime(5000)
    expect(doubter).toHaveBeenCalledTimes(1)
    sources[0]?.fail(CONNECTING)
    expect(doubter).toHaveBeenCalledTimes(2)
    live.setAway(true)
    sources[0]?.fail(CLOSED)
    vi.advanceTimersByTime(LONG_MS)
    expect(doubter).toHaveBeenCalledTimes(2)
  })

  it('begins anew at once when the gateway is known to be back', () => {
    const { live, sources } = startLive()
    live.reopen()
    expect(sources.map(({ readyState }) => readyState)).toEqual([CLOSED, 1])
    live.stop()
    live.reopen()
    expect(sources).toHaveLength(2)
  })
})
