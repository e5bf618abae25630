import type { Bell } from '../db/bell.ts'

// What the bell says of what has changed where that is known; without a hint it may be anything.

/** The hint that an image of the request has begun, and nothing else. */
export const BEGUN = 'begun'
/** The hint that this attempt has brought its image. */
export const madeBy = (attemptId: string): string => `made by ${attemptId}`

/**
 * Tells `hear` of what may concern an attempt, which is not what others of the same request do; `isMade`: it has brought its
 * image, and nothing else. Returns what takes it away again.
 */
export const hearOfAttempt = (
  bell: Pick<Bell, 'on'>,
  { requestId, attemptId }: { requestId: string; attemptId: string },
  hear: (isMade: boolean) => void
): (() => void) =>
  bell.on(`request:${requestId}`, (hint) => {
    if (hint === undefined || hint === madeBy(attemptId)) hear(hint !== undefined)
  })

/** The hint that a place of a service has become free, and nothing else. */
export const PLACE_FREED = 'place'

const QUEUED = 'queued '

/** The hint that an image has been queued for a model, and nothing else. */
export const queuedFor = (model: string): string => `${QUEUED}${model}`

/** The model for which an image was queued, of such a hint; undefined of any other. */
export const modelQueued = (hint: string | undefined): string | undefined =>
  hint?.startsWith(QUEUED) ? hint.slice(QUEUED.length) : undefined
