import { listLiveOfProvider } from './attempt-store.ts'
import { failAttempt } from './fail-attempt.ts'
import type { RequestParts } from './request-parts.ts'

/**
 * An agent's connection ended, or takes no more work. Its leases stay, so that it can deliver; unless they are
 * `voided`, because its key no longer counts or it said that it will not come back with anything: then its work waits
 * again at once and nothing it still sends is taken.
 */
export async function disconnectAgent(
  parts: RequestParts,
  connection: { providerId: string; epoch: number },
  options: { voided: boolean }
): Promise<void> {
  await parts.providers.disconnect(connection)
  parts.database.bell.ring('tasks')
  if (!options.voided) return
  for (const attempt of await listLiveOfProvider(parts.database.db, connection.providerId)) {
    if (attempt.epoch !== connection.epoch) continue // A newer connection goes on with it.
    const message = 'The machine was disconnected while it made the image.'
    await failAttempt(parts, attempt, { reason: 'agent_lost', message, isAnnounced: true })
  }
}
