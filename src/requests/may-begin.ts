import type { Trx } from '../db/database.ts'
import { findClaimGrounds } from '../providers/claim-grounds-store.ts'
import { mayUse } from '../providers/offers.ts'
import type { ProviderStore } from '../providers/provider-store.ts'
import { capsOf, isCapped } from './service-caps.ts'
import type { TaskRow } from './task-store.ts'

/**
 * Whether a service may begin a task now: not while it is paused, and for others than its owner only as far as it is open to
 * them, its owner has not blocked them, nor let them have enough. `isCounted`: what they had includes this task.
 */
export async function mayBegin(
  trx: Trx,
  begin: {
    task: Pick<TaskRow, 'user_id' | 'model'>
    serviceId: string
    providerId: string
    providers: Pick<ProviderStore, 'offering'>
    now: number
    isCounted: boolean
  }
): Promise<boolean> {
  const { task, serviceId, providerId, now } = begin
  const { offering } = begin.providers
  const { user_id: userId, model } = task
  const grounds = await findClaimGrounds(trx, { serviceId, userId, model, now, mode: offering.providers })
  if (!grounds || grounds.isPaused || grounds.isLeftAlone) return false
  const { ownerId } = grounds
  if (ownerId === userId) return true
  const service = { ...grounds.terms, serviceId, providerId, ownerId, reach: grounds.reach }
  if (grounds.isBlocked || !mayUse(service, grounds.user)) return false
  if (begin.isCounted) return true
  const capped = await capsOf(trx, [service], { now, offering })
  return !isCapped(capped.get(serviceId), { ownerId, userId })
}
