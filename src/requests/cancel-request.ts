import { lockRequest } from '../db/locks.ts'
import { cancelAttempts } from './attempt-store.ts'
import type { RequestParts } from './request-parts.ts'
import { finishRequest } from './finish-request.ts'
import { ringRequest } from './ring-request.ts'
import { cancelTasks } from './task-store.ts'

const CANCELED = 'The request was canceled before it finished.'

/**
 * Ends what is not yet done of a request; finished images stay. State and leases change at once; the agents that run
 * it learn it from the bell and stop. False when it had ended before.
 */
export async function cancelRequest({ database }: Pick<RequestParts, 'database'>, id: string): Promise<boolean> {
  const now = database.clock.now()
  const canceled = await database.db.transaction().execute(async (trx) => {
    await lockRequest(trx, id)
    const end = { state: 'canceled' as const, finishedAt: now, errorCode: 'canceled', errorMessage: CANCELED }
    await cancelTasks(trx, id, now)
    await cancelAttempts(trx, id, now)
    return finishRequest(trx, id, end)
  })
  if (!canceled) return false
  ringRequest(database.bell, { id, userId: canceled.user_id })
  database.bell.ring('webhooks')
  return true
}
