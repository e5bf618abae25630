/** Milliseconds of a minute, an hour and a day, as the limits and the figures of this product reckon them: no day is longer for a clock set back. */
export const MINUTE_MS = 60_000
export const HOUR_MS = 60 * MINUTE_MS
export const DAY_MS = 24 * HOUR_MS
