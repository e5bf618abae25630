import { withJitter } from '../lib/async.ts'

/** An agent looks for its gateway at once again, then less and less often, in milliseconds. */
export const FIRST_PAUSE_MS = 250
const LONGEST_PAUSE_MS = 5000

export const longerPause = (pauseMs: number): number => Math.min(pauseMs * 2, LONGEST_PAUSE_MS)

/** Not to the millisecond: a gateway that is back is not to be met by all agents at once. */
export const varied = (pauseMs: number): number => withJitter(pauseMs, 0.3)
