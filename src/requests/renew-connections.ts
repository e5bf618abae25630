import { renewLeases } from './attempt-store.ts'
import type { RequestParts } from './request-parts.ts'

/**
 * Renews the leases of live connections in bulk. Returns, per provider, the attempts that really run there; a provider
 * that is missing has been taken over by a newer connection. One that is draining keeps its leases but is not online.
 */
export async function renewConnections(
  { database, providers, limits }: Pick<RequestParts, 'database' | 'providers' | 'limits'>,
  connections: readonly { providerId: string; epoch: number; draining: boolean }[]
): Promise<Map<string, Set<string>>> {
  const now = database.clock.now()
  const until = now + limits.leaseMs
  const running = new Map<string, Set<string>>()
  await database.db.transaction().execute(async (trx) => {
    for (const connection of connections) {
      if (!(await providers.keepOnline(trx, connection, connection.draining ? now : until))) continue
      running.set(connection.providerId, new Set(await renewLeases(trx, connection, until)))
    }
  })
  return running
}
