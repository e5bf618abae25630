import { lockRequest } from '../db/locks.ts'
import { isPaused } from '../providers/pause-store.ts'
import { endRequestIfDone } from './finish-request.ts'
import type { RequestParts } from './request-parts.ts'
import { ringRequest } from './ring-request.ts'
import { servicesFor } from './services-for.ts'
import { failWaiting, listFailures, listModelsWaitedFor, listWaiting, type TaskRow } from './task-store.ts'

const AT_A_TIME = 500

/**
 * Fails tasks that have waited longer than `limits.noProviderTimeout` while no online service can take them. Tasks
 * that only wait for a busy service go on waiting, but not for one that has been left alone all that time. Returns how many
 * failed.
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
      for (const task of await strandedOf(parts, { model, waiting, before }))
        failed += (await strand(parts, task)) ? 1 : 0
      afterId = waiting.at(-1)?.id ?? afterId
    } while (waiting.length === AT_A_TIME)
  }
  if (failed > 0) database.bell.ring('webhooks')
  return failed
}

interface Stranded {
  task: TaskRow
  /** What could take it has been left alone. */
  paused: boolean
}

async function strand({ database }: RequestParts, { task, paused }: Stranded): Promise<boolean> {
  const now = database.clock.now()
  const changed = await database.db.transaction().execute(async (trx) => {
    await lockRequest(trx, task.request_id)
    const failure = {
      finished_at: now,
      error_code: paused ? 'upstream_busy' : 'no_provider',
      error_message: paused
        ? `No provider of '${task.model}' could begin in time: their image servers are busy or cannot be used.`
        : `No provider of '${task.model}' came online in time.`
    }
    if (!(await failWaiting(trx, task.id, failure))) return false
    await endRequestIfDone(trx, task.request_id, now)
    return true
  })
  if (changed) ringRequest(database.bell, { id: task.request_id, userId: task.user_id })
  return changed
}

/** The tasks that no online service can take: none has what they need, or each has done the work in vain or is given up. */
async function strandedOf(
  { database, providers }: Pick<RequestParts, 'database' | 'providers'>,
  { model, waiting, before }: { model: string; waiting: readonly TaskRow[]; before: number }
): Promise<Stranded[]> {
  const now = database.clock.now()
  const offers = await providers.listOffers({ seenSince: now, model })
  const givenUp = offers.filter((offer) => isPaused(offer, now) && (offer.pause?.since ?? now) < before)
  const isGivenUp = new Set(givenUp.map(({ serviceId }) => serviceId))
  const able = await servicesFor(database.db, { tasks: waiting, offers })
  const failures = await listFailures(database.db, waiting)
  return waiting.flatMap((task) => {
    const spentOn = failures.get(task.id)?.spentOn ?? []
    const left = (able.get(task.id) ?? []).filter((service) => !spentOn.includes(service))
    return left.every((service) => isGivenUp.has(service)) ? [{ task, paused: left.length > 0 }] : []
  })
}
