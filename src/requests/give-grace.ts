import { graceLeases } from './attempt-store.ts'
import type { RequestParts } from './request-parts.ts'

/**
 * Called when a gateway starts. The last process took its connections with it: agents that were online then stay so
 * for one lease more, and keep their work that long, so that they can come back before anybody takes it. That is reckoned from
 * now, whatever was stored: the clock may have been set meanwhile.
 */
export async function giveGrace({
  database,
  providers,
  limits
}: Pick<RequestParts, 'database' | 'providers' | 'limits'>): Promise<void> {
  const until = database.clock.now() + limits.leaseMs
  await graceLeases(database.db, until)
  await providers.graceOnline(until)
}
