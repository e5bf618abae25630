import { listExpired } from './attempt-store.ts'
import { failAttempt } from './fail-attempt.ts'
import type { RequestParts } from './request-parts.ts'

const AT_A_TIME = 500

/** Makes the tasks of attempts whose lease ran out claimable again. Returns how many. */
export async function expireLeases(parts: RequestParts): Promise<number> {
  const expired = await listExpired(parts.database.db, parts.database.clock.now(), AT_A_TIME)
  for (const attempt of expired) {
    await failAttempt(parts, attempt, { reason: 'lease_lapsed', message: 'The provider stopped answering.' })
  }
  return expired.length
}
