import { lockOffers, lockPerson, lockRequest } from '../db/locks.ts'
import type { ConnectedProvider, NewConnection } from '../providers/provider-store.ts'
import { type AttemptRow, changeAttempt, listLiveOfProvider } from './attempt-store.ts'
import { failAttempt } from './fail-attempt.ts'
import { tokenMatches } from './lease-token.ts'
import type { RequestParts } from './request-parts.ts'
import { requireOfferBudget, requireProviderBudget } from './require-provider-budget.ts'
import { changeFenced, findTask, takeBackLoss, type TaskRow } from './task-store.ts'

/** An attempt the agent says it runs or holds finished. */
export interface HeldAttempt {
  id: string
  token: string
}

export type ResumedAttempt = AttemptRow &
  Pick<TaskRow, 'position' | 'model' | 'class'> & {
    userId: string
    /** As of its task, of one that is held ready. */
    held: number
  }

export interface AgentConnected extends ConnectedProvider {
  /** Attempts it goes on with, under leases of this connection. */
  resumed: ResumedAttempt[]
  /** Ids it named that are no longer its own. */
  gone: string[]
}

/**
 * Writes a new connection of a provider and sorts out its attempts: those it still has go on, those it was thought to
 * run but lacks wait again at once, and it learns which of its own are no longer wanted. Throws `insufficient_quota`.
 */
export async function connectAgent(
  parts: RequestParts,
  connection: NewConnection & { attempts: readonly HeldAttempt[] }
): Promise<AgentConnected> {
  const { database, providers, limits } = parts
  requireOfferBudget(limits, connection)
  const tokens = new Map(connection.attempts.map((held) => [held.id, held.token]))
  const sorted = await database.db.transaction().execute(async (trx) => {
    await lockPerson(trx, connection.ownerId)
    await lockOffers(trx)
    const provider = await providers.connect(trx, connection)
    await requireProviderBudget(trx, parts, connection)
    const resumed: ResumedAttempt[] = []
    const lost: AttemptRow[] = []
    // Writing the connection has locked the provider.
    const live = await listLiveOfProvider(trx, provider.providerId)
    await lockRequest(trx, ...live.map((attempt) => attempt.request_id))
    for (const attempt of live) {
      const token = tokens.get(attempt.id)
      const state = attempt.state === 'standby' ? ('standby' as const) : ('running' as const)
      const lease = {
        state,
        epoch: provider.epoch,
        lease_until: database.clock.now() + limits.leaseMs,
        finished_at: null,
        reason: null,
        reason_message: null
      }
      const fence = { taskId: attempt.task_id, attemptId: attempt.id }
      if (token === undefined || !tokenMatches(attempt, token)) {
        lost.push(attempt)
        continue
      }
      // What is held ready goes on waiting, in the queue of its image server or before that.
      const held = state === 'standby' ? ((await findTask(trx, attempt.task_id))?.held ?? 0) : 0
      const task = await changeFenced(trx, fence, state === 'standby' ? { held } : { state })
      if (task) {
        if (attempt.state === 'lapsed') await takeBackLoss(trx, attempt.task_id)
        await changeAttempt(trx, attempt.id, lease)
        resumed.push({
          ...attempt,
          ...lease,
          held,
          userId: task.user_id,
          position: task.position,
          model: task.model,
          class: task.class
        })
      }
    }
    return { ...provider, resumed, lost }
  })
  for (const attempt of sorted.lost) {
    await failAttempt(parts, attempt, {
      reason: 'agent_lost',
      message: 'The machine was restarted while it made the image.'
    })
  }
  database.bell.ring('tasks')
  const kept = new Set(sorted.resumed.map((attempt) => attempt.id))
  return { ...sorted, gone: [...tokens.keys()].filter((id) => !kept.has(id)) }
}
