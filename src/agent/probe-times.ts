export interface ProbeTimes {
  /** How long an image server has to answer. */
  withinMs: number
  /** How long one has that did not answer in that time, and works on no image of ours, before it is said to hang. */
  patientMs: number
  /** Before a bad one is asked again; twice as long each time, up to the longest. */
  firstPauseMs: number
  longestPauseMs: number
  /** The longest while it has been bad for less than `soonMs`: somebody restarts it, and it is to be found when it is back. */
  longestSoonMs: number
  soonMs: number
  /** The longest while it hangs: whatever ends that, nothing else tells of it. */
  longestHangMs: number
  /** Between one look at an image server that is not at work and the next. */
  lookEveryMs: number
  /**
   * The same of one that speaks OpenAI's API without TLS and lists its models, whose look is that list: its key is refused from one
   * day to the next.
   */
  lookAtListEveryMs: number
  /** Between one look at whether anything takes connections there and the next. */
  watchEveryMs: number
}

export const USUAL_TIMES: ProbeTimes = {
  withinMs: 5000,
  patientMs: 20_000,
  firstPauseMs: 1000,
  longestPauseMs: 60_000,
  longestSoonMs: 4000,
  soonMs: 60_000,
  longestHangMs: 15_000,
  lookEveryMs: 60_000,
  lookAtListEveryMs: 15_000,
  watchEveryMs: 5000
}

/**
 * How long a bad image server is left alone, milliseconds, by its pause before this (0: there was none). One that has no time is
 * not asked as often as one that is down: each call may be work for it.
 */
export function nextPause(
  times: ProbeTimes,
  { pause, badForMs, isSlow, hangs }: { pause: number; badForMs: number; isSlow: boolean; hangs: boolean }
): number {
  const { firstPauseMs, longestPauseMs, longestSoonMs, soonMs, longestHangMs } = times
  if (hangs) return Math.min(Math.max(firstPauseMs, 2 * pause), longestHangMs, longestPauseMs)
  const first = isSlow ? longestSoonMs : firstPauseMs
  const longest = isSlow || badForMs >= soonMs ? longestPauseMs : Math.min(longestSoonMs, longestPauseMs)
  return Math.min(Math.max(first, 2 * pause), longest)
}
