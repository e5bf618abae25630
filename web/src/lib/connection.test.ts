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

describe('what is loaded of the gateway', () => {
  const load = () => vi.fn<() => Promise<string>>().mockRejectedValueOnce(new TypeError('Failed to fetch'))

  it('while it is away comes when it is back, and the gateway counts as lost meanwhile', async () => {
    const { connection, answers } = start()
    answers(() => Promise.reject(failure(0)))
    const page = load().mockResolvedValue('a page')
    const loaded = connection.loadWhenThere(page)
    await vi.advanceTimersByTimeAsync(30_000)
    expect(connection.lostAt()).toBe(5000)
    expect(page).toHaveBeenCalledTimes(1)
    answers(() => Promise.resolve())
    await vi.advanceTimersByTimeAsync(3000)
    await expect(loaded).resolves.toBe('a page')
    expect(connection.lostAt()).toBeUndefined()
  })

  it('while it answers fails at once', async () => {
    const { connection } = start()
    await expect(connection.loadWhenThere(load())).rejects.toThrow('Failed to fetch')
  })

  it('once it is back and is not there any more fails', async () => {
    const { connection, answers } = start()
    answers(() => Promise.reject(failure(0)))
    const page = load().mockRejectedValue(new TypeError('404'))
    const loaded = connection.loadWhenThere(page)
    const failed = expect(loaded).rejects.toThrow('404')
    await vi.advanceTimersByTimeAsync(5000)
    answers(() => Promise.resolve())
    await vi.advanceTimersByTimeAsync(3000)
    await failed
    expect(page).toHaveBeenCalledTimes(2)
  })
})
