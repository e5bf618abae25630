import type { Bell } from '../db/bell.ts'

/** Wakes whoever waits for this request, or watches all of its owner's or everybody's. After the commit, never before. */
export function ringRequest(bell: Bell, { id, userId }: { id: string; userId: string }): void {
  bell.ring(`request:${id}`)
  bell.ring(`requests:${userId}`, id)
  bell.ring('requests', id)
}
