import { startLoop } from '../lib/async.ts'
import type { Source } from '../lib/share-source.ts'
import type { RequestParts } from '../requests/request-parts.ts'
import { countUnfinished } from '../usage/unfinished-store.ts'

const LOOK_EVERY_MS = 5000
const PAUSE_MS = 1000

/** Images of everybody. */
export interface QueueTotals {
  waiting: number
  running: number
}

/** Tells how much there is to do whenever that has changed, at most once a second. */
export function startQueueTotals(
  { database, logger }: Pick<RequestParts, 'database' | 'logger'>,
  tell: (totals: QueueTotals) => void
): Source<QueueTotals> {
  const begun = Promise.withResolvers<void>()
  let told: QueueTotals | undefined
  const loop = startLoop({
    everyMs: LOOK_EVERY_MS,
    pauseMs: PAUSE_MS,
    work: async () => {
      const { queued: waiting, running } = await countUnfinished(database.db)
      const totals = { waiting, running }
      begun.resolve()
      if (totals.waiting === told?.waiting && totals.running === told.running) return
      told = totals
      tell(totals)
    },
    onError: (error) => logger.warn({ err: error }, 'counting the queue failed; it is tried again')
  })
  const forget = database.bell.on('requests', loop.wake)
  return {
    ready: begun.promise,
    present: () => told,
    close: () => {
      forget()
      return loop.close()
    }
  }
}
