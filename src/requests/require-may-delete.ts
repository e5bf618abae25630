import { setImmediate } from 'node:timers/promises'
import type { Limits } from '../config/config.ts'
import type { Db } from '../db/database.ts'
import { MINUTE_MS } from '../lib/durations.ts'
import { errors } from '../lib/errors.ts'
import type { Kept } from '../lib/would-delete-words.ts'
import type { RequestParts } from './request-parts.ts'
import {
  findKeeper,
  type Keeper,
  listAssetBytes,
  listEnded,
  listKeepers,
  listSharedKeys,
  readStoredBytes
} from './retention-store.ts'
import { keptOf } from './sweep-requests.ts'

type ClubKeeps = Pick<Limits, 'retentionMs' | 'retentionBytes'>

/** What is to be kept from now on: of everybody, or of somebody, where what is absent stays. */
export type KeepingChange = { club: ClubKeeps } | { userId: string; keepMs?: number | null; keepBytes?: number | null }

const AT_A_TIME = 500

/**
 * Throws `conflict` with how much goes at once when less were kept than now, so that nobody deletes by a slip of the hand. What is
 * over by what counts now is not counted: it goes anyway.
 */
export async function requireMayDelete(parts: RequestParts, change: KeepingChange): Promise<void> {
  const { database, limits } = parts
  const { db } = database
  const now = database.clock.now()
  const losesOf = async (person: Keeper, before: Kept, after: Kept) =>
    isLess(after, before)
      ? (await countOver(db, { userId: person.id, kept: after, now })) -
        (await countOver(db, { userId: person.id, kept: before, now }))
      : 0
  if ('userId' in change) {
    const person = await findKeeper(db, change.userId)
    if (!person) return
    const { keepMs = person.keep_ms, keepBytes = person.keep_bytes } = change
    const before = keptOf(person, limits)
    const after = keptOf({ keep_ms: keepMs, keep_bytes: keepBytes }, limits)
    if (isLess(after, before))
      throw errors.wouldDelete({ before, after, requests: await losesOf(person, before, after) })
    return
  }
  const nobody = { keep_ms: null, keep_bytes: null }
  const [before, after] = [keptOf(nobody, limits), keptOf(nobody, change.club)]
  if (!isLess(after, before)) return
  let [requests, people, afterId] = [0, 0, '']
  for (;;) {
    const page = await listKeepers(db, { afterId, all: true, limit: AT_A_TIME })
    for (const person of page) {
      const lost = await losesOf(person, keptOf(person, limits), keptOf(person, change.club))
      requests += lost
      if (lost > 0) people += 1
    }
    const last = page.at(-1)
    if (last === undefined) throw errors.wouldDelete({ before, after, requests, people })
    afterId = last.id
  }
}

const isLess = (one: Kept, other: Kept): boolean => one.keptMs < other.keptMs || one.keptBytes < other.keptBytes

/** How many requests of somebody a sweep would remove now: what it walks through, without removing it. */
async function countOver(db: Db, { userId, kept, now }: { userId: string; kept: Kept; now: number }): Promise<number> {
  const endedBefore = now - Math.max(kept.keptMs, MINUTE_MS)
  let bytes = kept.keptBytes === Infinity ? 0 : await readStoredBytes(db, userId)
  const isOver = () => bytes > kept.keptBytes
  // Without more than fits, what is older is all that goes.
  const shared = isOver() ? await listSharedKeys(db, userId) : new Map<string, number>()
  let count = 0
  let after = { finishedAt: -1, id: '' }
  for (;;) {
    // Others get a turn in between: it may be all that a club has.
    await setImmediate()
    const page = await listEnded(db, { userId, after, limit: AT_A_TIME })
    const assets = isOver() ? await listAssetBytes(db, page) : new Map<string, { key: string; bytes: number }[]>()
    for (const { id, finishedAt } of page) {
      const isOld = finishedAt < endedBefore
      if (!isOld && !isOver()) return count
      const theirs = assets.get(id) ?? []
      if (!isOld && theirs.length === 0) continue
      count += 1
      for (const { key, bytes: freed } of theirs) {
        const left = (shared.get(key) ?? 1) - 1
        shared.set(key, left)
        if (left === 0) bytes -= freed
      }
    }
    const last = page.at(-1)
    if (last === undefined) return count
    after = last
  }
}
