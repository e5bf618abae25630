import { DAY_MS, HOUR_MS } from '../lib/durations.ts'
import { booleanSetting, bytesSetting, durationSetting } from './settings.ts'

/** Whether admins may look at what others made, or are to it as any member. */
export const ADMINS_LOOK = {
  adminsLook: booleanSetting<boolean>({
    variable: 'INFERENCE_CLUB_LIMITS_ADMINS_LOOK',
    live: true,
    title: 'Admins may see what others made',
    description:
      'Whether admins may look at the requests, images and inputs of others, which their owners then see. Else they see what any member does, and the dashboard offers them nothing of others.',
    fallback: true
  })
}

/** The least of what somebody made that is worth keeping, whoever says so. */
export const LEAST_KEPT_BYTES = 1_000_000

/** What is kept of what people made, at most; they may say less for themselves. Pinned requests stay. */
export const RETENTION = {
  retentionMs: durationSetting({
    variable: 'INFERENCE_CLUB_LIMITS_RETENTION',
    live: true,
    title: 'Keep requests for',
    description:
      'How long requests are kept after they have ended, with their images and inputs; `0s`: until somebody deletes them. At least an hour. Pinned ones stay, and people may choose less for themselves.',
    fallback: 0,
    // Whoever types minutes means months, or anything but that what was just made goes at once.
    minMs: HOUR_MS,
    orZero: true,
    maxMs: 36_500 * DAY_MS
  }),
  retentionBytes: bytesSetting({
    variable: 'INFERENCE_CLUB_LIMITS_RETENTION_BYTES',
    live: true,
    title: 'Keep of each person up to',
    description:
      'How much the images of one user may take, inputs included, before their oldest requests are deleted that are not pinned; `0`: none are. At least 1 MB.',
    fallback: 0,
    min: LEAST_KEPT_BYTES,
    orZero: true
  })
}
