import type { Trx } from '../db/database.ts'
import { listEmails } from '../people/user-store.ts'
import { isBlocked } from '../providers/block-store.ts'
import { mayUse } from '../providers/offers.ts'
import { isPausedNow } from '../providers/pause-store.ts'
import type { ProviderStore } from '../providers/provider-store.ts'
import { findTerms } from '../providers/service-terms-store.ts'
import { capsOf, isCapped } from './service-caps.ts'
import type { TaskRow } from './task-store.ts'

/** A task that a service is to make. */
export interface TaskForService {
  task: TaskRow
  serviceId: string
  providerId: string
  epoch: number
  /** Whose machine it is. */
  ownerId?: string
  /** It is held ready only, and begins later. */
  isStandby?: boolean
}

/**
 * Whether a service may begin a task now: not while it is paused, and for others than its owner only as far as it is open to
 * them, its owner has not blocked them, nor let them have enough. `isCounted`: what they had includes this task.
 */
export async function mayBegin(
  trx: Trx,
  begin: TaskForService & { providers: ProviderStore; now: number; isCounted: boolean }
): Promise<boolean> {
  const { task, serviceId, providerId, ownerId, providers, now } = begin
  const terms = await findTerms(trx, serviceId)
  if (!terms || terms.isPaused) return false
  if (ownerId !== undefined && ownerId !== task.user_id) {
    if (await isBlocked(trx, { providerId, userId: task.user_id })) return false
    const reach = await providers.findReach(trx, providerId)
    const service = { ...terms, serviceId, providerId, ownerId, reach }
    const email = (await listEmails(trx, [task.user_id])).get(task.user_id)
    if (!mayUse(service, { userId: task.user_id, email: email ?? '', emailVerified: email !== undefined })) return false
    if (!begin.isCounted) {
      const capped = await capsOf(trx, [service], { now, offering: providers.offering })
      if (isCapped(capped.get(serviceId), { ownerId, userId: task.user_id })) return false
    }
  }
  return !(await isPausedNow(trx, { serviceId, model: task.model, now }))
}
