import { afterEach, describe, expect, it, vi } from 'vitest'
import { createQueue, createTally, inBackground, sleep, startLoop, toError, withJitter, inSlices } from './async.ts'

/** Lets everything run that waits for nothing but its turn. */
const settle = () => new Promise((resolve) => setImmediate(resolve))
const HOUR = 3_600_000
afterEach(() => void vi.useRealTimers())

describe('sleep', () => {
  it('ends with the reason of the signal, also of one that had aborted before', async () => {
    const left = new AbortController()
    const sleeping = sleep(HOUR, left.signal)
    left.abort(new Error('left'))
    await expect(sleeping).rejects.toThrow('left')
    await expect(sleep(HOUR, AbortSignal.abort('gone'))).rejects.toThrow('gone')
  })

  it('ends by itself, and leaves the signal alone afterwards', async () => {
    const left = new AbortController()
    await sleep(1, left.signal)
    left.abort()
    await settle()
  })
})

it('inBackground hears what goes wrong, and nothing else', async () => {
  const heard: unknown[] = []
  inBackground(Promise.resolve(1), (error) => heard.push(error))
  inBackground(Promise.reject(new Error('no')), (error) => heard.push((error as Error).message))
  await settle()
  expect(heard).toEqual(['no'])
})

it('withJitter shortens by at most the share', () => {
  for (let i = 0; i < 200; i++) {
    const ms = withJitter(1000, 0.3)
    expect(ms).toBeLessThanOrEqual(1000)
    expect(ms).toBeGreaterThanOrEqual(700)
  }
})

it('toError keeps errors and wraps the rest', () => {
  const error = new TypeError('x')
  expect(toError(error)).toBe(error)
  expect(toError('text').message).toBe('text')
  expect(toError(undefined)).toBeInstanceOf(Error)
})

describe('startLoop', () => {
  /** A loop whose rounds end when the test says so. */
  const controlled = (pacing: { pauseMs?: number } = {}) => {
    const rounds: PromiseWithResolvers<void>[] = []
    const errors: unknown[] = []
    const loop = startLoop({
      everyMs: HOUR,
      ...pacing,
      work: () => {
        const round = Promise.withResolvers<void>()
        rounds.push(round)
        return round.promise
      },
      onError: (error) => errors.push(error)
    })
    return { loop, rounds, errors }
  }

  it('works at once', async () => {
    const { loop, rounds } = controlled()
    expect(rounds).toHaveLength(1)
    rounds[0]!.resolve()
    await loop.close()
  })

  it('looks at the same moments as all others that look once in so many seconds', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
    const rounds: number[] = []
    const looking = (everyMs: number) =>
      startLoop({ everyMs, work: async () => void rounds.push(performance.now() % 1000), onError: () => undefined })
    const loops = [looking(1000)]
    await vi.advanceTimersByTimeAsync(300)
    loops.push(looking(2000))
    await vi.advanceTimersByTimeAsync(400)
    loops.push(looking(3000))
    rounds.length = 0
    await vi.advanceTimersByTimeAsync(6100)
    expect(rounds).toHaveLength(6 + 3 + 1)
    expect(new Set(rounds.map(Math.round)).size).toBe(1)
    for (const loop of loops) await loop.close()
  })

  it('works once more, not more often, for all wakes during a round', async () => {
    const { loop, rounds } = controlled()
    loop.wake()
    loop.wake()
    loop.wake()
    expect(rounds).toHaveLength(1)
    rounds[0]!.resolve()
    await settle()
    expect(rounds).toHaveLength(2)
    rounds[1]!.resolve()
    await settle()
    expect(rounds).toHaveLength(2)
    loop.wake()
    expect(rounds).toHaveLength(3)
    rounds[2]!.resolve()
    await loop.close()
  })

  it('loses no wake, whenever in a round it comes', async () => {
    let wanted = 0
    let done = 0
    let wake = () => {}
    const loop = startLoop({
      everyMs: HOUR,
      work: async () => {
        const now = wanted
        await null
        done = now
        if (wanted < 50) {
          wanted += 1
          queueMicrotask(wake)
        }
      },
      onError: () => {}
    })
    wake = loop.wake
    for (let i = 0; i < 200; i++) await null
    await settle()
    await loop.close()
    expect(done).toBe(50)
  })

  it('works by itself every so often', async () => {
    const third = Promise.withResolvers<void>()
    let rounds = 0
    const loop = startLoop({
      everyMs: 1,
      work: async () => {
        rounds += 1
        if (rounds === 3) third.resolve()
      },
      onError: () => {}
    })
    await third.promise
    await loop.close()
  })

  it('goes on after an error, which it tells', async () => {
    const { loop, rounds, errors } = controlled()
    rounds[0]!.reject(new Error('first'))
    await settle()
    expect(errors).toEqual([new Error('first')])
    loop.wake()
    expect(rounds).toHaveLength(2)
    rounds[1]!.resolve()
    await loop.close()
  })

  it('goes on after work that throws before it is a promise', async () => {
    const errors: unknown[] = []
    const loop = startLoop({
      everyMs: HOUR,
      work: () => {
        throw new Error('at once')
      },
      onError: (error) => errors.push(error)
    })
    await settle()
    loop.wake()
    await loop.close()
    expect(errors).toHaveLength(2)
  })

  it('closes after the running round, and starts no more', async () => {
    const { loop, rounds } = controlled()
    loop.wake()
    let closed = false
    const closing = loop.close().then(() => (closed = true))
    await settle()
    expect(closed).toBe(false)
    rounds[0]!.resolve()
    await closing
    loop.wake()
    await settle()
    expect(rounds).toHaveLength(1)
  })

  it('pauses between rounds: once for all wakes meanwhile, and not when it is closed', async () => {
    const { loop, rounds } = controlled({ pauseMs: 50 })
    const began = performance.now()
    rounds[0]!.resolve()
    await settle()
    for (let i = 0; i < 3; i++) loop.wake()
    await settle()
    expect(rounds).toHaveLength(1)
    while (rounds.length === 1) await settle()
    expect(performance.now() - began).toBeGreaterThanOrEqual(45)
    rounds[1]!.resolve()
    await sleep(150)
    expect(rounds).toHaveLength(2)
    await loop.close()

    const other = controlled({ pauseMs: HOUR })
    other.rounds[0]!.resolve()
    await settle()
    other.loop.wake()
    await other.loop.close()
    expect(other.rounds).toHaveLength(1)
  })
})

describe('createTally', () => {
  it('knows at once that nobody is in', async () => {
    await createTally().none()
  })

  it('tells all who wait when the last has left', async () => {
    const tally = createTally()
    const leave = [tally.enter(), tally.enter()]
    const told: string[] = []
    const waiting = [tally.none().then(() => told.push('a')), tally.none().then(() => told.push('b'))]
    leave[0]!()
    await settle()
    expect(told).toEqual([])
    leave[1]!()
    await Promise.all(waiting)
    expect(told).toEqual(['a', 'b'])
  })

  it('counts nobody out twice', async () => {
    const tally = createTally()
    const first = tally.enter()
    const second = tally.enter()
    first()
    first()
    let empty = false
    const waiting = tally.none().then(() => (empty = true))
    await settle()
    expect(empty).toBe(false)
    second()
    await waiting
  })

  it('can be filled again', async () => {
    const tally = createTally()
    tally.enter()()
    const leave = tally.enter()
    const waiting = tally.none()
    leave()
    await waiting
  })
})

describe('createQueue', () => {
  const work = () => {
    const gate = Promise.withResolvers<void>()
    return { ...gate, run: () => gate.promise }
  }

  it('gives what the work gives, and throws what it throws', async () => {
    const queue = createQueue(1)
    await expect(queue(async () => 7)).resolves.toBe(7)
    await expect(queue(() => Promise.reject(new Error('no')))).rejects.toThrow('no')
    await expect(queue(async () => 8)).resolves.toBe(8)
  })

  it('runs so many at once and the others in the order they came, newcomers last', async () => {
    const queue = createQueue(2)
    let running = 0
    let most = 0
    const began: number[] = []
    const gates = Array.from({ length: 6 }, work)
    const add = (index: number) =>
      queue(async () => {
        began.push(index)
        most = Math.max(most, ++running)
        await gates[index]!.promise
        running -= 1
      })
    const all = [0, 1, 2, 3].map(add)
    // One comes in the very moment in which a place changes hands.
    all.push(
      gates[0]!.promise
        .then(() => null)
        .then(() => null)
        .then(() => add(4))
    )
    gates[0]!.resolve()
    await settle()
    expect(began).toEqual([0, 1, 2])
    for (const gate of gates) gate.resolve()
    await Promise.all(all)
    expect(began).toEqual([0, 1, 2, 3, 4])
    expect(most).toBe(2)
  })

  it('never runs more than it may, whenever they come', async () => {
    const queue = createQueue(3)
    let running = 0
    let most = 0
    const one = async (index: number): Promise<void> => {
      for (let i = 0; i < index % 7; i++) await null
      await queue(async () => {
        most = Math.max(most, ++running)
        for (let i = 0; i < index % 5; i++) await null
        running -= 1
      })
      if (index < 200) await one(index + 40)
    }
    await Promise.all(Array.from({ length: 40 }, (_, index) => one(index)))
    expect(most).toBe(3)
  })
})

describe('inSlices', () => {
  it('works until there is nothing left, and lets others in between', async () => {
    const turns: string[] = []
    const work = async () => {
      turns.push('slice')
      return turns.filter((turn) => turn === 'slice').length < 3 ? 1 : 0
    }
    setImmediate(() => turns.push('another'))
    await inSlices(work, new AbortController().signal)
    expect(turns.toSorted()).toEqual(['another', 'slice', 'slice', 'slice'])
    expect(turns.at(-1)).toBe('slice')
  })

  it('stops when it is told to', async () => {
    const stop = new AbortController()
    let slices = 0
    await inSlices(async () => {
      slices += 1
      if (slices === 2) stop.abort()
      return 1
    }, stop.signal)
    expect(slices).toBe(2)
  })
})
