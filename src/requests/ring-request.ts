import type { Bell } from '../db/bell.ts'

/**
 * Wakes whoever waits for this request, or watches all of its owner's or everybody's. After the commit, never before. Without a
 * `hint` anything of it may have changed.
 */
export function ringRequest(bell: Bell, { id, userId, hint }: { id: string; userId: string; hint?: string }): void {
  bell.ring(`request:${id}`, hint)
  bell.ring(`requests:${userId}`, id)
  bell.ring('requests', id)
}
