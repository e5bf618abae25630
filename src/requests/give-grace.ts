import { graceLeases } from './attempt-store.ts'
import { moveTimes } from './move-times-store.ts'
import type { RequestParts } from './request-parts.ts'

/**
 * Called when a gateway starts. The last process took its connections with it: agents that were online then stay so
 * for one lease more, and keep their work that long, so that they can come back before anybody takes it. That is reckoned from
 * now, whatever was stored. The clock may have been set back meanwhile, to before the time at which anybody was seen last: then what
 * has an end by it ends as much earlier.
 */
export async function giveGrace({
  database,
  providers,
  limits
}: Pick<RequestParts, 'database' | 'providers' | 'limits'>): Promise<void> {
  await database.db.transaction().execute(async (trx) => {
    const now = database.clock.now()
    const before = (await providers.lastSeenAt(trx)) ?? now
    if (before > now) await moveTimes(trx, { now: before, byMs: now - before })
    await graceLeases(trx, now + limits.leaseMs)
    await providers.graceOnline(trx, now + limits.leaseMs)
  })
}
