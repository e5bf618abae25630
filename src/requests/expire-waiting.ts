import { canDo } from '../images/image-request.ts'
import { endRequestIfDone } from './end-if-done.ts'
import type { RequestParts } from './request-parts.ts'
import { changeWaiting, listModelsWaitedFor, listWaiting } from './task-store.ts'

const AT_A_TIME = 500

/**
 * Fails tasks that have waited longer than `limits.noProviderTimeout` while no online service can take them. Tasks
 * that only wait for a busy service go on waiting. Returns how many failed.
 */
export async function expireWaiting({ database, providers, limits }: RequestParts): Promise<number> {
  const now = database.clock.now()
  const before = now - limits.noProviderTimeoutMs
  let failed = 0
  for (const model of await listModelsWaitedFor(database.db, before)) {
    const offers = await providers.listOffers({ seenSince: now, model })
    const stranded = (await listWaiting(database.db, { model, before, limit: AT_A_TIME })).filter(
      (task) => !offers.some((offer) => canDo(offer.features, task.needs.split(' ')))
    )
    for (const task of stranded) {
      const changed = await database.db.transaction().execute(async (trx) => {
        const change = {
          state: 'failed' as const,
          finished_at: now,
          error_code: 'no_provider',
          error_message: `No provider of '${model}' came online in time.`
        }
        if (!(await changeWaiting(trx, task.id, change))) return false
        await endRequestIfDone(trx, task.request_id, now)
        return true
      })
      if (changed) database.bell.ring(`request:${task.request_id}`)
      failed += changed ? 1 : 0
    }
  }
  return failed
}
