import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createConnection } from './connection.ts'
import { ApiError } from './fetch-json.ts'

const failure = (status: number) => new ApiError({ status, code: 'x', message: 'No.' })

function start() {
  let answer: () => Promise<unknown> = () => Promise.resolve()
  const connection = createConnection({ ask: () => answer() })
  const changes: (number | undefined)[] = []
  connection.watch(() => changes.push(connection.lostAt()))
  return { connection, changes, answers: (next: () => Promise<unknown>) => void (answer = next) }
}

beforeEach(() => void vi.useFakeTimers({ now: 5000 }))
afterEach(() => void vi.useRealTimers())

describe('whether the gateway answers', () => {
  it('is lost since it was doubted when two questions got no answer, and found when one does', async () => {
    const { connection, changes, answers } = start()
    const back = vi.fn()
    connection.onReturn(back)
    answers(() => Promise.reject(failure(0)))
    connection.doubt()
    await vi.advanceTimersByTimeAsync(900)
    expect(connection.lostAt()).toBeUndefined()
    await vi.advanceTimersByTimeAsync(200)
    expect(connection.lostAt()).toBe(5000)
    answers(() => Promise.reject(failure(503)))
    await vi.advanceTimersByTimeAsync(10_000)
    expect(connection.lostAt()).toBe(5000)
    answers(() => Promise.resolve())
    await vi.advanceTimersByTimeAsync(3000)
    expect(changes).toEqual([5000, undefined])
    expect(back).toHaveBeenCalledTimes(1)
  })

  it('is not doubted for long by a stream that broke off, nor by a refusal', async () => {
    const { connection, changes, answers } = start()
    connection.doubt()
    await vi.advanceTimersByTimeAsync(10_000)
    answers(() => Promise.reject(failure(401)))
    connection.doubt()
    await vi.advanceTimersByTimeAsync(10_000)
    expect(changes).toEqual([])
  })

  it('is found by whoever hears of it, while a question is under way', async () => {
    const { connection, changes, answers } = start()
    answers(() => Promise.reject(failure(0)))
    connection.doubt()
    connection.found()
    await vi.advanceTimersByTimeAsync(10_000)
    expect(changes).toEqual([])
  })
})
