/** Time is passed in, so that tests can move it. */
export interface Clock {
  /** UTC milliseconds. */
  now(): number
}

export const systemClock: Clock = { now: () => Date.now() }

/**
 * The machine's clock, but for its jumps: somebody sets it, a time server corrects it, the machine has slept. From such a
 * moment on it goes on evenly until it is moved by its lag, at which moment stored times can be moved with it.
 */
export interface SteadyClock extends Clock {
  /** By how much the machine's clock is ahead, milliseconds; negative when it is behind. */
  lag(): number
  moveBy(ms: number): void
}

/** What is followed without a word: time servers correct by less, and nothing is measured more exactly. */
const UNNOTICED_MS = 1000

export function createSteadyClock(
  sources: { wall: () => number; monotonic: () => number } = {
    wall: () => Date.now(),
    monotonic: () => performance.now()
  }
): SteadyClock {
  const { wall, monotonic } = sources
  /** What is to be added to the monotonic time. */
  let offset = wall() - monotonic()
  const lag = () => {
    const ahead = wall() - monotonic() - offset
    if (Math.abs(ahead) > UNNOTICED_MS) return Math.round(ahead)
    offset += ahead
    return 0
  }
  return {
    lag,
    now: () => (lag() === 0 ? wall() : Math.round(offset + monotonic())),
    moveBy: (ms) => void (offset += ms)
  }
}

/** The wire's times: whole Unix seconds. */
export const toUnixSeconds = (ms: number): number => Math.floor(ms / 1000)

/** UTC milliseconds as messages name them: ISO 8601 without fractions, rounded up, for at that second it has come. */
export const toIsoSecond = (ms: number): string =>
  new Date(Math.ceil(ms / 1000) * 1000).toISOString().replace('.000Z', 'Z')
