/** For how long a request is kept after it has ended, in seconds, as its caller or a key says it; 0 is until it is delivered. */
export const LIFETIMES = { min: 60, max: 10 * 365 * 86_400 }

/** What is to be kept until it is delivered waits so long for whoever fetches it: as long as webhooks are tried. */
export const UNDELIVERED_MS = 86_400_000

/** Whether these seconds may be said. */
export const isLifetime = (seconds: number): boolean =>
  seconds === 0 || (Number.isInteger(seconds) && seconds >= LIFETIMES.min && seconds <= LIFETIMES.max)
