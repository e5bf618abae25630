import { sql } from 'kysely'
import { amongAlike } from '../db/among-alike.ts'
import type { Db } from '../db/database.ts'

/** Failures that are the same: error, model, and the service that failed last. */
export interface FailedGroup {
  code: string | null
  message: string | null
  model: string
  /** Whose attempt was the last; null when none was made, or the machine is unknown by now. */
  worker: { provider: string; service: string } | null
  /** How many there were among the newest failures, of which `MOST_FAILURES` are looked at. */
  times: number
  /** The newest of them, newest first. */
  latest: { id: string; userId: string; at: number }[]
}

/** How many failures are looked at, and how many of a group are told one by one. */
export const MOST_FAILURES = 2000
const MOST_SINGLES = 10

/** Requests of everybody that failed at `since` (UTC milliseconds) or later, alike ones together, the latest first. */
export async function listFailedGroups(
  db: Db,
  { since, limit }: { since: number; limit: number }
): Promise<FailedGroup[]> {
  const recent = listRecentFailures(db, since)
  const alike = ['error_code', 'error_message', 'model', 'service_id'] as const
  const ranked = db
    .selectFrom(recent.as('recent'))
    .selectAll()
    .select(amongAlike(alike, ['finished_at', 'id']))
  const rows = await db
    .selectFrom(ranked.as('ranked'))
    .leftJoin('services', 'services.id', 'ranked.service_id')
    .leftJoin('providers', 'providers.id', 'services.provider_id')
    .selectAll('ranked')
    .select(['services.name as service', 'providers.name as provider'])
    .where('place', '<=', MOST_SINGLES)
    .orderBy('finished_at', 'desc')
    .orderBy('ranked.id', 'desc')
    .execute()
  const groups = new Map<string, FailedGroup>()
  for (const row of rows) {
    const { error_code: code, error_message: message, model, service, provider } = row
    const name = JSON.stringify(alike.map((column) => row[column]))
    const worker = service !== null && provider !== null ? { provider, service } : null
    const group = groups.get(name) ?? { code, message, model, worker, times: Number(row.times), latest: [] }
    group.latest.push({ id: row.id, userId: row.user_id, at: row.finished_at ?? 0 })
    groups.set(name, group)
  }
  return [...groups.values()].slice(0, limit)
}

/** The newest failures at `since` or later, each with the service that failed last; read from their own index. */
export const listRecentFailures = (db: Db, since: number) =>
  db
    .selectFrom('requests')
    .select(['id', 'user_id', 'model', 'error_code', 'error_message', 'finished_at'])
    .select((e) =>
      e
        .selectFrom('attempts')
        .select('attempts.service_id')
        .whereRef('attempts.request_id', '=', 'requests.id')
        .orderBy('attempts.assigned_at', 'desc')
        .limit(1)
        .as('service_id')
    )
    // As it stands in the index, which holds no others.
    .where('state', '=', sql.lit('failed' as const))
    .where('finished_at', '>=', since)
    .orderBy('finished_at', 'desc')
    .orderBy('id', 'desc')
    .limit(MOST_FAILURES)
