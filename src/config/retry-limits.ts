import { MINUTE_MS } from '../lib/durations.ts'
import { durationSetting } from './settings.ts'

/** When work is given out again that has failed. */
export const RETRY_LIMITS = {
  retryDelayMs: durationSetting({
    variable: 'INFERENCE_CLUB_LIMITS_RETRY_DELAY',
    description:
      'How long an image is not given again to a machine that has just failed with it; five times as long after each further failure. Another machine gets it at once.',
    fallback: 1000,
    defaultText: '1s',
    minMs: 0,
    maxMs: MINUTE_MS
  })
}
