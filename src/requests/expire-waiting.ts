import { endRequestIfDone } from './finish-request.ts'
import type { RequestParts } from './request-parts.ts'
import { ringRequest } from './ring-request.ts'
import { servicesFor } from './services-for.ts'
import { failWaiting, listFailures, listModelsWaitedFor, listWaiting, type TaskRow } from './task-store.ts'

const AT_A_TIME = 500

/**
 * Fails tasks that have waited longer than `limits.noProviderTimeout` while no online service can take them. Tasks
 * that only wait for a busy service go on waiting. Returns how many failed.
 */
export async function expireWaiting(parts: RequestParts): Promise<number> {
  const { database, limits } = parts
  const before = database.clock.now() - limits.noProviderTimeoutMs
  let failed = 0
  for (const model of await listModelsWaitedFor(database.db, before)) {
    let waiting: TaskRow[]
    let afterId = ''
    do {
      waiting = await listWaiting(database.db, { model, before, afterId, limit: AT_A_TIME })
      for (const task of await strandedOf(parts, { model, waiting })) failed += (await strand(parts, task)) ? 1 : 0
      afterId = waiting.at(-1)?.id ?? afterId
    } while (waiting.length === AT_A_TIME)
  }
  if (failed > 0) database.bell.ring('webhooks')
  return failed
}

async function strand({ database }: RequestParts, task: TaskRow): Promise<boolean> {
  const now = database.clock.now()
  const changed = await database.db.transaction().execute(async (trx) => {
    const failure = {
      finished_at: now,
      error_code: 'no_provider',
      error_message: `No provider of '${task.model}' came online in time.`
    }
    if (!(await failWaiting(trx, task.id, failure))) return false
    await endRequestIfDone(trx, task.request_id, now)
    return true
  })
  if (changed) ringRequest(database.bell, { id: task.request_id, userId: task.user_id })
  return changed
}

/** The tasks that no online service can take: none has what they need, or each has done the work in vain. */
async function strandedOf(
  { database, providers }: Pick<RequestParts, 'database' | 'providers'>,
  { model, waiting }: { model: string; waiting: readonly TaskRow[] }
): Promise<TaskRow[]> {
  const offers = await providers.listOffers({ seenSince: database.clock.now(), model })
  const able = await servicesFor(database.db, { tasks: waiting, offers })
  const failures = await listFailures(database.db, waiting)
  return waiting.filter((task) => {
    const spentOn = failures.get(task.id)?.spentOn ?? []
    return (able.get(task.id) ?? []).every((service) => spentOn.includes(service))
  })
}
