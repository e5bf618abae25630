import { describe, expect, it } from 'vitest'
import { sleep } from '../lib/async.ts'
import { sessionEnd } from './session-end.ts'

const aborted = (signal: AbortSignal) => new Promise((resolve) => signal.addEventListener('abort', resolve))

describe('the end of a session', () => {
  it('is noticed, and not asked for any more', async () => {
    const answers = [false, false, true]
    let asked = 0
    const isOver = async () => answers[asked++] ?? true
    const over = sessionEnd({ isOver, everyMs: 1, left: new AbortController().signal })
    expect(over.aborted).toBe(false)
    await aborted(over)
    await sleep(20)
    expect(asked).toBe(3)
  })

  it('is noticed at once when somebody hints at it', async () => {
    const listeners = new Set<() => void>()
    const onHint = (listener: () => void) => {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    }
    const left = new AbortController()
    const over = sessionEnd({ isOver: async () => true, everyMs: 3_600_000, left: left.signal, onHint })
    const noticed = aborted(over)
    for (const listener of listeners) listener()
    await noticed
    expect(listeners.size).toBe(0)
  })

  it('is not what a database that is busy says', async () => {
    let asked = 0
    const isOver = async () => {
      if (++asked < 3) throw new Error('busy')
      return true
    }
    await aborted(sessionEnd({ isOver, everyMs: 1, left: new AbortController().signal }))
    expect(asked).toBe(3)
  })

  it('is not asked for once the reader has left', async () => {
    let asked = 0
    const left = new AbortController()
    const isOver = async () => {
      asked += 1
      left.abort()
      return false
    }
    const over = sessionEnd({ isOver, everyMs: 1, left: left.signal })
    sessionEnd({ isOver, everyMs: 1, left: AbortSignal.abort() })
    await aborted(left.signal)
    await sleep(20)
    expect(asked).toBe(1)
    expect(over.aborted).toBe(false)
  })
})
