import { amongAlike } from '../db/among-alike.ts'
import type { Db } from '../db/database.ts'
import { NODE_REASONS } from '../requests/request-states.ts'
import { isDeferring } from '../requests/retry-policy.ts'

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

/** What could not begin was no attempt. */
const COUNTED_FAULTS = NODE_REASONS.filter((fault) => !isDeferring(fault))

/**
 * How often services have been at fault since then with work that they had begun, by their ids. What broke off, as with a
 * restart of the image server, counts once its image has failed: one that waits to be made, or was made after all, is lost to nobody.
 */
export async function countFaults(db: Db, since: number): Promise<Map<string, number>> {
  const rows = await db
    .selectFrom('attempts')
    .innerJoin('tasks', 'tasks.id', 'attempts.task_id')
    .select((e) => ['attempts.service_id', e.fn.countAll<number>().as('faults')])
    // Said so that the index, which has them by provider, is of use.
    .where('attempts.provider_id', 'in', (e) => e.selectFrom('providers').select('id'))
    .where('attempts.reason', 'in', COUNTED_FAULTS)
    .where((e) => e.or([e('attempts.reason', '!=', 'crashed'), e('tasks.state', '=', 'failed')]))
    .where('attempts.finished_at', '>=', since)
    .groupBy('attempts.service_id')
    .execute()
  return new Map(rows.map((row) => [row.service_id, Number(row.faults)]))
}

/** Faults of one service that are the same: their reason and what its agent said. */
export interface FaultGroup {
  /** As far as faults are looked at: `MOST_FAULTS` of each reason. */
  times: number
  /** The newest of them, newest first. */
  latest: Fault[]
}

/** How many faults of a reason are looked at, and how many of a group are told one by one. */
export const MOST_FAULTS = 1000
const MOST_SINGLES = 10

/**
 * The faults of a provider at `since` or later, alike ones together, the latest first. Each reason is read for itself.
 */
export async function listFaultGroups(
  db: Db,
  { providerId, since, limit }: { providerId: string; since: number; limit: number }
): Promise<FaultGroup[]> {
  const groups: FaultGroup[] = []
  for (const reason of NODE_REASONS) {
    const recent = faultsOf(db)
      .where('attempts.provider_id', '=', providerId)
      .where('attempts.reason', '=', reason)
      .where('attempts.finished_at', '>=', since)
      .orderBy('attempts.finished_at', 'desc')
      .limit(MOST_FAULTS)
    const ranked = db
      .selectFrom(recent.as('recent'))
      .selectAll()
      .select(amongAlike(['service_id', 'reason_message'], ['finished_at']))
    const rows = await db
      .selectFrom(ranked.as('ranked'))
      .selectAll()
      .where('place', '<=', MOST_SINGLES)
      .orderBy('finished_at', 'desc')
      .execute()
    const found = new Map<string, FaultGroup>()
    for (const row of rows) {
      const name = `${row.service_id} ${row.reason_message ?? ''}`
      const group = found.get(name) ?? { times: Number(row.times), latest: [] }
      group.latest.push(toFault(row))
      found.set(name, group)
    }
    groups.push(...found.values())
  }
  return groups.sort((a, b) => lastOf(b) - lastOf(a)).slice(0, limit)
}

const lastOf = ({ latest }: FaultGroup): number => latest[0]?.at ?? 0

/** The last fault since then of each service of these providers for which it may rest, by the service's id. */
export async function findLastFaults(
  db: Db,
  { providerIds, since }: { providerIds: readonly string[]; since: number }
): Promise<Map<string, Fault>> {
  if (providerIds.length === 0) return new Map()
  const rows = await faultsOf(db)
    .where('attempts.provider_id', 'in', providerIds)
    .where('attempts.reason', 'in', [...COUNTED_FAULTS, 'hung'])
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
