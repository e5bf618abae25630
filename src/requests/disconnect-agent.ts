import { listLiveOfProvider } from './attempt-store.ts'
import { failAttempt } from './fail-attempt.ts'
import type { RequestParts } from './request-parts.ts'

/**
 * An agent's connection ended. Its leases stay, so that it can come back and deliver; unless they are `voided`,
 * because its key no longer counts: then its work waits again at once and nothing it still sends is taken.
 */
export async function disconnectAgent(
  parts: RequestParts,
  connection: { providerId: string; epoch: number },
  options: { voided: boolean }
): Promise<void> {
  await parts.providers.disconnect(connection)
  if (!options.voided) return
  for (const attempt of await listLiveOfProvider(parts.database.db, connection.providerId)) {
    await failAttempt(parts, attempt, { reason: 'agent_lost', message: 'The provider was disconnected.' })
  }
}
