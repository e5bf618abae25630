import type { Limits } from '../config/config.ts'
import { inSlices } from '../lib/async.ts'
import { MINUTE_MS } from '../lib/durations.ts'
import { removeRequests } from './remove-requests.ts'
import type { RequestParts } from './request-parts.ts'
import {
  findOldestWithImages,
  type Keeper,
  listExpired,
  listKeepers,
  listOldest,
  noteClock,
  readStoredBytes,
  stillDue
} from './retention-store.ts'

/** Small enough that nobody notices while a hundred thousand go. */
const AT_A_TIME = 20
const PEOPLE_AT_A_TIME = 100

/**
 * Removes requests whose time is over, and of those that nobody pinned what people or the operator do not keep any longer: what
 * ended too long ago, and the oldest while their images take too much. In small portions, on as many gateways as there are.
 * Nothing is removed by a clock that has just gone ahead: see `noteClock`. Stops early when `signal` aborts.
 */
export async function sweepRequests(parts: RequestParts, signal: AbortSignal): Promise<void> {
  const { database, limits, logger } = parts
  const { holdMs, aheadMs } = await noteClock(database)
  if (aheadMs > 0) {
    const words = 'the clock is ahead of when it was last looked at: nothing is deleted by it for a while'
    logger.warn({ aheadMs, holdMs }, words)
  }
  if (holdMs > 0) return
  const now = database.clock.now()
  await inSlices(async () => {
    const due = await listExpired(database.db, { now, limit: AT_A_TIME })
    let gone = 0
    for (const [userId, theirs] of Map.groupBy(due, (one) => one.user_id)) {
      const ids = theirs.map(({ id }) => id)
      const confirm = (trx: Parameters<typeof stillDue>[0]) => stillDue(trx, { ids, due: { expiredAt: now } })
      gone += await removeRequests(parts, { userId, ids, confirm })
    }
    return gone
  }, signal)
  const all = limits.retentionMs > 0 || limits.retentionBytes > 0
  let afterId = ''
  await inSlices(async () => {
    const people = await listKeepers(database.db, { afterId, all, limit: PEOPLE_AT_A_TIME })
    for (const person of people) await sweepPerson(parts, { ...keptOf(person, limits), userId: person.id, now, signal })
    afterId = people.at(-1)?.id ?? afterId
    return people.length
  }, signal)
}

/** What is kept of somebody: the shorter of what they and the operator say; infinite where neither says anything. */
export const keptOf = (
  person: Pick<Keeper, 'keep_ms' | 'keep_bytes'>,
  { retentionMs, retentionBytes }: Pick<Limits, 'retentionMs' | 'retentionBytes'>
): { keptMs: number; keptBytes: number } => ({
  keptMs: Math.min(person.keep_ms ?? Infinity, retentionMs || Infinity),
  keptBytes: Math.min(person.keep_bytes ?? Infinity, retentionBytes || Infinity)
})

async function sweepPerson(
  parts: RequestParts,
  kept: { userId: string; keptMs: number; keptBytes: number; now: number; signal: AbortSignal }
): Promise<void> {
  const { database } = parts
  const { userId, keptMs, keptBytes, now, signal } = kept
  if (Number.isFinite(keptMs)) {
    // Whoever looks at what has just been made is not to lose it.
    const endedBefore = now - Math.max(keptMs, MINUTE_MS)
    await inSlices(async () => {
      const ids = await listOldest(database.db, { userId, endedBefore, limit: AT_A_TIME })
      if (ids.length === 0) return 0
      return removeRequests(parts, { userId, ids, confirm: (trx) => stillDue(trx, { ids, due: { endedBefore } }) })
    }, signal)
  }
  if (!Number.isFinite(keptBytes)) return
  const isOver = async (db: Parameters<typeof readStoredBytes>[0]) => (await readStoredBytes(db, userId)) > keptBytes
  await inSlices(async () => {
    const id = (await isOver(database.db)) ? await findOldestWithImages(database.db, userId) : undefined
    if (id === undefined) return 0
    // One at a time: what the next ones free is known when this one has gone.
    const due = { endedBefore: now + 1 }
    const confirm = async (trx: Parameters<typeof stillDue>[0]) =>
      (await isOver(trx)) ? stillDue(trx, { ids: [id], due }) : []
    return removeRequests(parts, { userId, ids: [id], confirm })
  }, signal)
}
