import type { Bell } from '../db/bell.ts'

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

/**
 * Wakes whoever waits for this request, or watches all of its owner's or everybody's. After the commit, never before. Without a
 * `hint` anything of it may have changed.
 */
export function ringRequest(bell: Bell, { id, userId, hint }: { id: string; userId: string; hint?: string }): void {
  bell.ring(`request:${id}`, hint)
  bell.ring(`requests:${userId}`, id)
  bell.ring('requests', id)
}
