import { clampLeases, listExpired } from './attempt-store.ts'
import { failAttempt } from './fail-attempt.ts'
import type { RequestParts } from './request-parts.ts'

const AT_A_TIME = 500

/**
 * Makes the tasks of attempts whose lease ran out claimable again. Before any is, `renew` has what came from agents meanwhile
 * count: it may be this process that was held up. Returns how many.
 */
export async function expireLeases(
  parts: RequestParts,
  { renew }: { renew?: () => Promise<void> } = {}
): Promise<number> {
  const listAll = () => listExpired(parts.database.db, parts.database.clock.now(), AT_A_TIME)
  await clampLeases(parts.database.db, parts.database.clock.now() + parts.limits.leaseMs)
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
