import type { Clock } from '../lib/clock.ts'
import type { ExpectedTime } from '../requests/expected-times-store.ts'
import type { RequestLifecycle } from '../requests/request-lifecycle.ts'
import type { AgentSession } from './agent-session.ts'

/** What takes less than this needs no estimate, milliseconds. */
const LEAST_EXPECTED_MS = 3000
/** Nobody knows that an image is done before it is. */
const MOST_PERCENT = 95

/** How far an image is likely to be, in percent; undefined when that is not worth telling. */
export function estimatePercent({ beganAt, expectedMs }: ExpectedTime, now: number): number | undefined {
  if (expectedMs === null || expectedMs < LEAST_EXPECTED_MS) return undefined
  return Math.max(0, Math.min(MOST_PERCENT, Math.floor((100 * (now - beganAt)) / expectedMs)))
}

/**
 * Tells of images of which their engines tell no steps how far they are likely to be, marked as estimates; called now and then.
 * What an engine tells ends it. Of each image the database is asked once.
 */
export function createProgressEstimates(parts: {
  sessions: () => readonly AgentSession[]
  requests: Pick<RequestLifecycle, 'listExpectedTimes'>
  clock: Clock
}): { tell(): Promise<void> } {
  let known = new Map<string, ExpectedTime>()
  return {
    tell: async () => {
      const silent = parts
        .sessions()
        .flatMap((session) => session.silentAttempts().map((attemptId) => ({ session, attemptId })))
      const ids = new Set(silent.map(({ attemptId }) => attemptId))
      const asked = [...ids].filter((id) => !known.has(id))
      const found = asked.length === 0 ? [] : await parts.requests.listExpectedTimes(asked)
      known = new Map([...known, ...found].filter(([id]) => ids.has(id)))
      const now = parts.clock.now()
      for (const { session, attemptId } of silent) {
        const expected = known.get(attemptId)
        const percent = expected && estimatePercent(expected, now)
        if (percent !== undefined) session.tellEstimate(attemptId, percent)
      }
    }
  }
}
