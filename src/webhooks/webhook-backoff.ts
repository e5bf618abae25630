const FIRST_DELAY_MS = 5_000
const LONGEST_DELAY_MS = 4 * 3_600_000
export const RETRIED_FOR_MS = 24 * 3_600_000
/**
 * A pause is so many times the time since the first try: each try comes three times as late after it as the one before.
 */
const GROWTH = 2
const JITTER = 0.2

/**
 * When a delivery whose try has just failed is tried again, in UTC milliseconds; undefined when its time is over. The
 * pause is twice the time since the first try, at least 5 s and at most 4 h, shortened by up to a fifth at random
 * (`random` is 0 … 1), so that the retries of many deliveries spread. That makes tries after about 5 s, 15 s, 45 s,
 * 2 min, 7 min, 20 min, 1 h, 3 h, then every 4 h, and one last after 24 h.
 */
export function nextTryAt(failed: { firstTryAt: number; now: number; random: number }): number | undefined {
  const { firstTryAt, now, random } = failed
  const elapsed = now - firstTryAt
  if (elapsed >= RETRIED_FOR_MS) return undefined
  const pause = Math.min(Math.max(elapsed * GROWTH, FIRST_DELAY_MS), LONGEST_DELAY_MS)
  return Math.min(Math.round(now + pause * (1 - JITTER * random)), firstTryAt + RETRIED_FOR_MS)
}
