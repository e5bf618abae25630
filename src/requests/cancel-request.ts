import { lockRequest } from '../db/locks.ts'
import { cancelAttempts } from './attempt-store.ts'
import type { RequestParts } from './request-parts.ts'
import { finishRequest } from './finish-request.ts'
import { ringRequest } from './ring-request.ts'
import type { EndedRequest } from './request-store.ts'
import { cancelTasks } from './task-store.ts'

const CANCELED = 'The request was canceled before it finished.'

/** So many take some milliseconds, and one sync of the log. */
export const CANCELED_AT_ONCE = 20

/**
 * Ends what is not yet done of requests; finished images stay. States and leases change at once; the agents that run
 * them learn it from the bell and stop. Returns the ids of those that had not ended before.
 */
export async function cancelRequests(
  { database }: Pick<RequestParts, 'database'>,
  ids: readonly string[]
): Promise<Set<string>> {
  const now = database.clock.now()
  const canceled = await database.db.transaction().execute(async (trx) => {
    await lockRequest(trx, ...ids)
    const end = { state: 'canceled' as const, finishedAt: now, errorCode: 'canceled', errorMessage: CANCELED }
    const ended: EndedRequest[] = []
    // One by one: of many ids and several states together, SQLite would read all that is in one of the states.
    for (const id of ids) {
      await cancelTasks(trx, id, now)
      await cancelAttempts(trx, id, now)
      const request = await finishRequest(trx, id, end)
      if (request) ended.push(request)
    }
    return ended
  })
  for (const { id, user_id: userId } of canceled) ringRequest(database.bell, { id, userId })
  if (canceled.length > 0) database.bell.ring('webhooks')
  return new Set(canceled.map(({ id }) => id))
}

/** See `cancelRequests`; false when it had ended before. */
export const cancelRequest = async (parts: Pick<RequestParts, 'database'>, id: string): Promise<boolean> =>
  (await cancelRequests(parts, [id])).has(id)
