import { lockRequest } from '../db/locks.ts'
import type { AppError } from '../lib/errors.ts'
import { endRequestIfDone } from './finish-request.ts'
import type { RequestParts } from './request-parts.ts'
import { HELD } from './request-states.ts'
import { ringRequest } from './ring-request.ts'
import { failWaiting, listTasks } from './task-store.ts'
import { type Unbegun, unbegunColumns } from './unbegun.ts'

/**
 * Fails a request of which no image was begun, because its caller has been answered with this error and will not come back for
 * it: who looks at it later reads the same reason, though not what its caller alone was told. False, and nothing is changed, when somebody has begun meanwhile or it has ended.
 */
export async function giveUpRequest(
  { database }: Pick<RequestParts, 'database'>,
  { id, error, unbegun }: { id: string; error: Pick<AppError, 'code' | 'message'>; unbegun: Unbegun }
): Promise<boolean> {
  const now = database.clock.now()
  const userId = await database.db.transaction().execute(async (trx) => {
    await lockRequest(trx, id)
    const tasks = await listTasks(trx, id)
    const [first] = tasks
    if (!first || tasks.some(({ state, held }) => state !== 'queued' || held === HELD.ahead)) return undefined
    const failure = {
      finished_at: now,
      error_code: error.code,
      error_message: error.message,
      ...unbegunColumns(unbegun)
    }
    for (const task of tasks) await failWaiting(trx, task.id, failure)
    await endRequestIfDone(trx, id, now)
    return first.user_id
  })
  if (userId === undefined) return false
  ringRequest(database.bell, { id, userId })
  database.bell.ring('webhooks')
  return true
}
