import { renewLeases } from './attempt-store.ts'
import type { RequestParts } from './request-parts.ts'

/**
 * Renews the leases of live connections in bulk. Returns, per provider, the attempts that really run there; a provider
 * that is missing has been taken over by a newer connection.
 */
export async function renewConnections(
  { database, providers, limits }: Pick<RequestParts, 'database' | 'providers' | 'limits'>,
  connections: readonly { providerId: string; epoch: number }[]
): Promise<Map<string, Set<string>>> {
  const until = database.clock.now() + limits.leaseMs
  const running = new Map<string, Set<string>>()
  await database.db.transaction().execute(async (trx) => {
    for (const connection of connections) {
      if (!(await providers.keepOnline(trx, connection, until))) continue
      running.set(connection.providerId, new Set(await renewLeases(trx, connection, until)))
    }
  })
  return running
}
