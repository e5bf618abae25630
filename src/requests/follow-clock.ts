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
  let isMoved = false
  try {
    await database.db.transaction().execute(async (trx) => {
      await moveTimes(trx, { now: clock.now(), byMs })
      // Before anybody else has a turn: whoever reckons a time in a transaction, before or after this one, has the clock that
      // belongs to the times stored.
      clock.moveBy(byMs)
      isMoved = true
    })
  } catch (error) {
    if (isMoved) clock.moveBy(-byMs)
    throw error
  }
  logger.warn({ byMs }, "the machine's clock has jumped; leases and pauses go on as if it had not")
}
