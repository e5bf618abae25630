import { ObjectDamaged } from '../storage/object-store.ts'
import type { Logger } from '../lib/logger.ts'

/** Stored objects that could not be read lately: admins are told of them, and nobody is to wait for them for ever. */
export interface UnreadableBytes {
  note(storageKey: string, why: unknown): void
  /** They have been read to their end, or are wanted no more. */
  forget(storageKey: string): void
  /** For how long each try has failed, in milliseconds; `Infinity` of what is gone or cut, undefined of what was read last. */
  sinceMs(storageKey: string): number | undefined
  /** Keys of the first of them, and how many there are in all. */
  summary(): { first: string[]; all: number }
}

/** Of more, those that were noted first are forgotten. */
const MOST_NOTED = 1000
const MOST_NAMED = 5

export function createUnreadableBytes({ logger }: { logger: Logger }): UnreadableBytes {
  const since = new Map<string, number>()
  return {
    note: (key, why) => {
      if (why instanceof ObjectDamaged && since.has(key)) since.set(key, -Infinity)
      if (since.has(key)) return
      // The latest is what somebody waits for now.
      const [oldest] = since.keys()
      if (since.size >= MOST_NOTED && oldest !== undefined) since.delete(oldest)
      since.set(key, why instanceof ObjectDamaged ? -Infinity : performance.now())
      logger.error({ key, err: why }, 'the bytes of a stored image cannot be read')
    },
    forget: (key) => void since.delete(key),
    sinceMs: (key) => {
      const at = since.get(key)
      return at === undefined ? undefined : performance.now() - at
    },
    summary: () => ({ first: [...since.keys()].slice(0, MOST_NAMED), all: since.size })
  }
}
