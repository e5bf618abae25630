import type { SteadyClock } from '../lib/clock.ts'
import { moveTimes } from './move-times-store.ts'
import type { RequestParts } from './request-parts.ts'

/**
 * When the machine's clock has jumped, sets ours to it, together with all that is measured with it: nobody is thought to be
 * away, or there, because somebody has set a clock. `clock` is the database's.
 */
export async function followClock({ database, logger }: RequestParts, clock: SteadyClock): Promise<void> {
  const byMs = clock.lag()
  if (byMs === 0) return
  await database.db.transaction().execute((trx) => moveTimes(trx, { now: clock.now(), byMs }))
  clock.moveBy(byMs)
  logger.warn({ byMs }, "the machine's clock has jumped; leases and pauses go on as if it had not")
}
