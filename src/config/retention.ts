import { DAY_MS } from '../lib/durations.ts'
import { booleanSetting, bytesSetting, durationSetting } from './settings.ts'

/** Whether admins may look at what others made, or are to it as any member. */
export const ADMINS_LOOK = {
  adminsLook: booleanSetting<boolean>({
    variable: 'INFERENCE_CLUB_LIMITS_ADMINS_LOOK',
    live: true,
    description:
      'Whether admins may look at the requests, images and inputs of others, which their owners then see; `0`: they see what any member does, and the dashboard offers them nothing of others.',
    fallback: true
  })
}

/** What is kept of what people made, at most; they may say less for themselves. Pinned requests stay. */
export const RETENTION = {
  retentionMs: durationSetting({
    variable: 'INFERENCE_CLUB_LIMITS_RETENTION',
    live: true,
    description:
      'How long requests are kept after they have ended, with their images and inputs; `0s`: until somebody deletes them. Pinned ones stay, and people may choose less for themselves.',
    fallback: 0,
    minMs: 0,
    maxMs: 36_500 * DAY_MS
  }),
  retentionBytes: bytesSetting({
    variable: 'INFERENCE_CLUB_LIMITS_RETENTION_BYTES',
    live: true,
    description:
      'How much the images of one user may take, inputs included, before their oldest requests are deleted that are not pinned; `0`: none are.',
    fallback: 0,
    min: 0
  })
}
