import { lockProvider } from '../db/locks.ts'
import { renewLeases } from './attempt-store.ts'
import type { RequestParts } from './request-parts.ts'

export interface LiveConnection {
  providerId: string
  epoch: number
  /** It takes no more work. */
  draining: boolean
  /** For how long nothing has come from it. */
  silentForMs: number
}

/**
 * Renews the leases of live connections in bulk, each from when its agent was heard last: one that falls silent keeps its
 * work for one lease and no longer, whether or not its connection is known to be dead. Returns, per provider, the attempts
 * that really run there; a provider that is missing has been taken over by a newer connection. One that is draining keeps
 * its leases but is not online.
 */
export async function renewConnections(
  { database, providers, limits }: Pick<RequestParts, 'database' | 'providers' | 'limits'>,
  connections: readonly LiveConnection[]
): Promise<Map<string, Set<string>>> {
  const running = new Map<string, Set<string>>()
  await database.db.transaction().execute(async (trx) => {
    await lockProvider(trx, ...connections.map(({ providerId }) => providerId))
    const now = database.clock.now()
    for (const connection of connections) {
      const until = now - connection.silentForMs + limits.leaseMs
      if (!(await providers.keepOnline(trx, connection, connection.draining ? now : until))) continue
      running.set(connection.providerId, new Set(await renewLeases(trx, connection, until)))
    }
  })
  return running
}
