import { callAtOnce } from './call-at-once.ts'
import type { Part } from './part.ts'

const CALLERS = 500

export const streams: Part = {
  name: 'streams',
  about: `${CALLERS} callers at once who have their images streamed (stream: true); once`,
  run: (context) =>
    callAtOnce(context, {
      what: `${CALLERS} streaming callers at once`,
      callers: CALLERS,
      nextCall: () => ({ isStream: true }),
      // All are one person's, who may have 200.
      env: { INFERENCE_CLUB_LIMITS_STREAMS_PER_USER: String(CALLERS) }
    })
}
