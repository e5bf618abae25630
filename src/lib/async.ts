import { setImmediate } from 'node:timers/promises'

/** Resolves after `ms`; rejects with the signal's reason when it aborts first. */
export function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(toError(signal.reason))
    const onAbort = () => {
      clearTimeout(timer)
      reject(toError(signal?.reason))
    }
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', onAbort)
      resolve()
    }, ms)
    signal?.addEventListener('abort', onAbort, { once: true })
  })
}

export const toError = (thrown: unknown): Error => (thrown instanceof Error ? thrown : new Error(String(thrown)))

/** `ms` shortened by up to `share` (0 … 1) at random, so that many clients do not come back together. */
export const withJitter = (ms: number, share: number): number => ms * (1 - Math.random() * share)

/**
 * Lets work go on that nobody waits for. What it rejects with goes to `onError`: a rejection that nobody takes would end
 * the process. The only way to leave a promise alone; a lint rule refuses `void`.
 */
export function inBackground(work: Promise<unknown>, onError: (error: unknown) => void): void {
  work.catch(onError)
}

export interface Loop {
  /** Runs the work soon; calls while it runs lead to one more run. */
  wake(): void
  /** Waits for a running round and starts no more. */
  close(): Promise<void>
}

/**
 * Runs `work` now, whenever woken, and about every `everyMs`, which may be asked anew after each round; never twice at
 * the same time, and again after `pauseMs` (default none) at the earliest. An error goes to `onError` and the loop goes on.
 * Loops that look once in so many seconds do so at the same moments, up to half a second sooner or later, so that a process with
 * nothing to do is woken once for all.
 */
export function startLoop(options: {
  everyMs: number | (() => number)
  pauseMs?: number
  work: () => Promise<void>
  onError: (error: unknown) => void
}): Loop {
  const { everyMs } = options
  const closing = new AbortController()
  const { signal } = closing
  let again = false
  let running: Promise<void> | undefined
  let timer: NodeJS.Timeout | undefined

  // So that even work that throws before it is a promise ends its round later, when it is known to be running.
  const work = async () => options.work()

  const round = async () => {
    do {
      again = false
      try {
        await work()
      } catch (error) {
        options.onError(error)
      }
      // Closing cuts it short.
      if (options.pauseMs !== undefined) await sleep(options.pauseMs, signal).catch(() => undefined)
    } while (again && !signal.aborted)
    running = undefined
    if (!signal.aborted) timer = setTimeout(wake, toWholeSecond(typeof everyMs === 'number' ? everyMs : everyMs()))
  }
  const wake = () => {
    if (signal.aborted) return
    if (running) {
      again = true
      return
    }
    clearTimeout(timer)
    running = round()
  }
  wake()
  return {
    wake,
    close: async () => {
      closing.abort()
      clearTimeout(timer)
      await running
    }
  }
}

/** Milliseconds so that they end nearest to a whole second of this process; less than a second stays. */
export const toWholeSecond = (ms: number): number => (ms < 1000 ? ms : ms + 500 - ((performance.now() + 500) % 1000))

export interface Tally {
  /** Counts one in; the returned function counts it out, once. */
  enter(): () => void
  /** Resolves when nobody is in. */
  none(): Promise<void>
}

export function createTally(): Tally {
  let inside = 0
  let waiting: (() => void)[] = []
  return {
    enter: () => {
      inside += 1
      let left = false
      return () => {
        if (left) return
        left = true
        inside -= 1
        if (inside > 0) return
        for (const resolve of waiting) resolve()
        waiting = []
      }
    },
    none: () => (inside === 0 ? Promise.resolve() : new Promise((resolve) => waiting.push(resolve)))
  }
}

/** Runs at most `atOnce` of the given works at the same time, the others in the order they came. */
export function createQueue(atOnce: number): <T>(work: () => Promise<T>) => Promise<T> {
  const waiting: (() => void)[] = []
  let running = 0
  return async (work) => {
    if (running < atOnce) running += 1
    else await new Promise<void>((resolve) => waiting.push(resolve))
    try {
      return await work()
    } finally {
      // Its place goes to the next in line and is never free in between, or a newcomer could slip in as well.
      const next = waiting.shift()
      if (next) next()
      else running -= 1
    }
  }
}

/**
 * Runs `work`, which tells how much it did, again and again until there was nothing left to do or `signal` aborts; others
 * get a turn in between.
 */
export async function inSlices(work: () => Promise<number>, signal: AbortSignal): Promise<void> {
  while (!signal.aborted && (await work()) > 0) await setImmediate()
}
