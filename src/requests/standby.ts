import { lockProvider, lockRequest } from '../db/locks.ts'
import { changeAttempt, findAttempt } from './attempt-store.ts'
import { mayBegin } from './may-begin.ts'
import type { RequestParts } from './request-parts.ts'
import { HELD } from './request-states.ts'
import { ringRequest } from './ring-request.ts'
import { releaseHeldTask, startHeldTask } from './standby-store.ts'
import { changeFenced, findTask } from './task-store.ts'

/**
 * The service that holds an image ready begins it. False when it may not, for the same reasons for which it would be given none
 * now, or somebody else has the image by now: then it is let go. True also when it had begun before. `isAhead`: it puts the image into
 * the queue of its image server, and begins it later; until then the image waits, and is kept from others. What was let so far is asked
 * nothing when it begins.
 */
export async function startStandby(
  { database, providers }: Pick<RequestParts, 'database' | 'providers'>,
  attemptId: string,
  { isAhead = false }: { isAhead?: boolean } = {}
): Promise<boolean> {
  const seen = await findAttempt(database.db, attemptId)
  if (seen?.state !== 'standby') return seen?.state === 'running'
  const { provider_id: providerId, service_id: serviceId, request_id: requestId } = seen
  const ended = await database.db.transaction().execute(async (trx) => {
    await lockProvider(trx, providerId)
    await lockRequest(trx, requestId)
    const now = database.clock.now()
    const attempt = await findAttempt(trx, attemptId)
    const task = await findTask(trx, seen.task_id)
    if (!task || attempt?.state !== 'standby') return { isStarted: attempt?.state === 'running' }
    const { epoch } = attempt
    const fence = { taskId: task.id, attemptId }
    const isLet = task.held === HELD.ahead && task.current_attempt_id === attemptId
    const isStarted = isLet
      ? isAhead || (await changeFenced(trx, fence, { state: 'running', held: 0 })) !== undefined
      : (await mayBegin(trx, { task, serviceId, providerId, providers, now, isCounted: true })) &&
        (await startHeldTask(trx, { ...fence, providerId, epoch }, isAhead))
    // Nobody is shown where it waits.
    if (isStarted && isAhead) return { isStarted }
    if (isStarted) {
      // Its time counts from now, and not from when it was fetched; never before the task was queued, whatever the clock says.
      await changeAttempt(trx, attemptId, { state: 'running', assigned_at: Math.max(now, task.queued_at) })
    } else await releaseHeldTask(trx, fence)
    return { isStarted, userId: task.user_id }
  })
  if (ended.userId !== undefined) ringRequest(database.bell, { id: requestId, userId: ended.userId })
  if (!ended.isStarted) database.bell.ring('tasks')
  return ended.isStarted
}

/** A service no longer holds an image ready, which is no try of it. False when it did not, or has begun it. */
export async function releaseStandby(
  { database }: Pick<RequestParts, 'database'>,
  attemptId: string
): Promise<boolean> {
  const seen = await findAttempt(database.db, attemptId)
  if (seen?.state !== 'standby') return false
  const task = await database.db.transaction().execute(async (trx) => {
    await lockRequest(trx, seen.request_id)
    const attempt = await findAttempt(trx, attemptId)
    return attempt?.state === 'standby' ? releaseHeldTask(trx, { taskId: attempt.task_id, attemptId }) : undefined
  })
  if (!task) return false
  ringRequest(database.bell, { id: seen.request_id, userId: task.user_id })
  database.bell.ring('tasks')
  return true
}
