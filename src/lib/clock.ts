/** Time is passed in, so that tests can move it. */
export interface Clock {
  /** UTC milliseconds. */
  now(): number
}

export const systemClock: Clock = { now: () => Date.now() }

/** The wire's times: whole Unix seconds. */
export const toUnixSeconds = (ms: number): number => Math.floor(ms / 1000)
