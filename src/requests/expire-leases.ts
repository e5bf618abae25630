import { clampLeases, listExpired } from './attempt-store.ts'
import { failAttempt } from './fail-attempt.ts'
import type { RequestParts } from './request-parts.ts'

const AT_A_TIME = 500

/**
 * Makes the tasks of attempts whose lease ran out claimable again. Before any is, `renew` has what came from agents meanwhile
 * count: it may be this process that was held up. None does within one lease of when the database could not be written or read: agents
 * whose word could not be written down were cut off, and get the time to come back, as after a start. Returns how many.
 */
export async function expireLeases(
  parts: RequestParts,
  { renew }: { renew?: () => Promise<void> } = {}
): Promise<number> {
  const { db, clock, refusedAt } = parts.database
  const listAll = () => listExpired(db, clock.now(), AT_A_TIME)
  await clampLeases(db, clock.now() + parts.limits.leaseMs)
  const refusedAgoMs = clock.now() - (refusedAt() ?? -Infinity)
  // Below 0 the clock was set back since then.
  if (refusedAgoMs >= 0 && refusedAgoMs < parts.limits.leaseMs) return 0
  let expired = await listAll()
  if (expired.length > 0 && renew) {
    await renew()
    expired = await listAll()
  }
  for (const attempt of expired) {
    await failAttempt(parts, attempt, {
      reason: 'lease_lapsed',
      message: 'The machine stopped answering while it made the image.'
    })
  }
  return expired.length
}
