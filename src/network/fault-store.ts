import type { Db } from '../db/database.ts'
import { NODE_FAULTS } from '../protocol/messages.ts'

/** An attempt that failed through the fault of the service it ran on. */
export interface Fault {
  serviceId: string
  serviceName: string
  requestId: string
  /** Whose request it was. */
  userId: string
  reason: string
  message: string | null
  at: number
}

/** How often services have been at fault since then, by their ids. */
export async function countFaults(db: Db, since: number): Promise<Map<string, number>> {
  const rows = await db
    .selectFrom('attempts')
    .select((e) => ['service_id', e.fn.countAll<number>().as('faults')])
    // Said so that the index, which has them by provider, is of use.
    .where('provider_id', 'in', (e) => e.selectFrom('providers').select('id'))
    .where('reason', 'in', NODE_FAULTS)
    .where('finished_at', '>=', since)
    .groupBy('service_id')
    .execute()
  return new Map(rows.map((row) => [row.service_id, Number(row.faults)]))
}

/** The last faults of a provider, newest first. Each reason is read for itself, as far as the limit. */
export async function listFaults(
  db: Db,
  { providerId, limit }: { providerId: string; limit: number }
): Promise<Fault[]> {
  const faults: Fault[] = []
  for (const reason of NODE_FAULTS) {
    const rows = await faultsOf(db)
      .where('attempts.provider_id', '=', providerId)
      .where('attempts.reason', '=', reason)
      .orderBy('attempts.finished_at', 'desc')
      .limit(limit)
      .execute()
    faults.push(...rows.map(toFault))
  }
  return faults.sort((a, b) => b.at - a.at).slice(0, limit)
}

/** The last fault since then of each service of these providers, by the service's id. */
export async function findLastFaults(
  db: Db,
  { providerIds, since }: { providerIds: readonly string[]; since: number }
): Promise<Map<string, Fault>> {
  if (providerIds.length === 0) return new Map()
  const rows = await faultsOf(db)
    .where('attempts.provider_id', 'in', providerIds)
    .where('attempts.reason', 'in', NODE_FAULTS)
    .where('attempts.finished_at', '>=', since)
    .orderBy('attempts.finished_at')
    .execute()
  return new Map(rows.map((row) => [row.service_id, toFault(row)]))
}

const faultsOf = (db: Db) =>
  db
    .selectFrom('attempts')
    .innerJoin('services', 'services.id', 'attempts.service_id')
    .innerJoin('requests', 'requests.id', 'attempts.request_id')
    .select([
      'attempts.service_id',
      'services.name',
      'attempts.request_id',
      'requests.user_id',
      'attempts.reason',
      'attempts.reason_message',
      'attempts.finished_at'
    ])

const toFault = (row: Awaited<ReturnType<ReturnType<typeof faultsOf>['execute']>>[number]): Fault => ({
  serviceId: row.service_id,
  serviceName: row.name,
  requestId: row.request_id,
  userId: row.user_id,
  reason: row.reason ?? '',
  message: row.reason_message,
  at: row.finished_at ?? 0
})

/** Images that services make now, by their ids. */
export async function countRunningByService(db: Db): Promise<Map<string, number>> {
  const rows = await db
    .selectFrom('attempts')
    .select((e) => ['service_id', e.fn.countAll<number>().as('images')])
    .where('state', '=', 'running')
    .groupBy('service_id')
    .execute()
  return new Map(rows.map((row) => [row.service_id, Number(row.images)]))
}
