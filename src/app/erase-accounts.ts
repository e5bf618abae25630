import { retireProviders } from '../providers/retire-provider-store.ts'
import type { Context } from './context.ts'

export type EraseParts = Pick<Context, 'database' | 'people' | 'requests' | 'batches' | 'webhooks'>

/** How long one account is worked on before it is the turn of the next. */
const TURN_MS = 1000

/**
 * Removes what those have left who deleted their accounts. Everything is done again for each of them every time, which
 * costs next to nothing: so what was cut short goes on, and what still came in from a connection that was open goes, too.
 * True when there is more to do: somebody with a hundred thousand images does not hold up the others. Stops early when
 * `signal` aborts.
 */
export async function eraseAccounts(parts: EraseParts, signal: AbortSignal, turnMs = TURN_MS): Promise<boolean> {
  let isMore = false
  for (const userId of await parts.people.account.listRemoved()) {
    const turn = AbortSignal.any([signal, AbortSignal.timeout(turnMs)])
    await eraseAccount(parts, { userId, signal: turn })
    if (signal.aborted) return true
    isMore ||= turn.aborted
  }
  return isMore
}

async function eraseAccount(parts: EraseParts, account: { userId: string; signal: AbortSignal }): Promise<void> {
  const { database, people, requests, batches, webhooks } = parts
  const { userId } = account
  await retireProviders(database.db, { ownerId: userId, now: database.clock.now() })
  await people.account.erase(userId)
  await requests.erase(account)
  // Canceled requests have put webhooks into the outbox.
  await webhooks.erase(account)
  await batches.erase(account)
}
