import type { Db } from '../db/database.ts'
import { lockProvider } from '../db/locks.ts'
import { ALL_MODELS, liftOpenPauses, pauseUntilLifted } from './pause-store.ts'

/** How the agent of a service finds its image server. */
export interface ServiceCondition {
  /** What is wrong with it, fit for everybody; null: nothing. */
  warning: string | null
  /** No attempt can work: it is given none until it is otherwise. */
  isStopped: boolean
  /** Models of the service that the image server lacks. */
  missing: readonly string[]
}

/**
 * Writes down how a service's image server was found, and pauses what cannot work until its agent finds it otherwise.
 */
export const noteCondition = (
  db: Db,
  {
    providerId,
    serviceId,
    condition,
    now
  }: { providerId: string; serviceId: string; condition: ServiceCondition; now: number }
): Promise<void> =>
  db.transaction().execute(async (trx) => {
    await lockProvider(trx, providerId)
    const { warning, isStopped, missing } = condition
    await trx
      .updateTable('services')
      .set((e) => ({
        warning,
        // Another fault is another warning, however long there has been one.
        warning_since:
          warning === null
            ? null
            : e
                .case()
                .when('warning', '=', warning)
                .then(e.fn.coalesce('warning_since', e.val(now)))
                .else(e.val(now))
                .end()
      }))
      .where('id', '=', serviceId)
      .execute()
    await liftOpenPauses(trx, { serviceId, but: isStopped ? [ALL_MODELS, ...missing] : missing, now })
    if (isStopped) await pauseUntilLifted(trx, { serviceId, reason: 'unreachable', now })
    for (const model of missing) await pauseUntilLifted(trx, { serviceId, model, reason: 'model_missing', now })
  })
