import { type RawBuilder, sql, type SqlBool } from 'kysely'
import { amongAlike } from '../db/among-alike.ts'
import type { Db } from '../db/database.ts'
import { LIMIT_REASONS, type WaitReason } from '../lib/wait-reasons.ts'
import { readUnbegun, type Unbegun } from '../requests/unbegun.ts'

/** Failures that are the same, whatever that is. */
interface Alike {
  model: string
  /** How many there were among the newest of their kind, of which `MOST_FAILURES` are looked at. */
  times: number
  /** The newest of them, newest first. */
  latest: { id: string; userId: string; at: number }[]
}

/** Failures that are the same: error, model, and the service that failed last. */
export interface FailedGroup extends Alike {
  code: string | null
  message: string | null
  /** Whose attempt was the last; null when none was made, or the machine is unknown by now. */
  worker: { provider: string; service: string } | null
}

/** Requests of one model that failed for the same limit of an hour. */
export interface LimitGroup extends Alike {
  reason: WaitReason
  /** Those that had reached it, as far as that was kept and they are known by now. */
  machines: { id: string; name: string; ownerId: string }[]
}

/** How many failures of a kind are looked at, and how many of a group are told one by one. */
export const MOST_FAILURES = 2000
const MOST_SINGLES = 10

interface Wanted {
  /** UTC milliseconds: those that failed then or later. */
  since: number
  /** How many groups at most. */
  limit: number
}

/** Faults among the requests of everybody, alike ones together, the latest first. Limits that were reached are none. */
export async function listFailedGroups(db: Db, { since, limit }: Wanted): Promise<FailedGroup[]> {
  const alike = ['error_code', 'error_message', 'model', 'service_id'] as const
  const rows = await rankAlike(db, { since, kind: 'faults', alike })
    .leftJoin('services', 'services.id', 'ranked.service_id')
    .leftJoin('providers', 'providers.id', 'services.provider_id')
    .select(['services.name as service', 'providers.name as provider'])
    .execute()
  return groupBy(rows, alike, ({ error_code: code, error_message: message, service, provider }) => ({
    code,
    message,
    worker: service !== null && provider !== null ? { provider, service } : null
  })).slice(0, limit)
}

/** Requests of everybody that failed because limits of an hour were reached, alike ones together, the latest first. */
export async function listLimitGroups(db: Db, { since, limit }: Wanted): Promise<LimitGroup[]> {
  // Not by their messages, which say when there may be more.
  const alike = ['error_reason', 'error_machines', 'model'] as const
  const rows = await rankAlike(db, { since, kind: 'limits', alike }).execute()
  const groups = groupBy(rows, alike, (row) => readUnbegun(row) ?? NOT_KEPT).slice(0, limit)
  const machines = await listMachines(db, new Set(groups.flatMap((group) => group.machines)))
  return groups.map((group) => ({ ...group, machines: group.machines.flatMap((id) => machines.get(id) ?? []) }))
}

const NOT_KEPT: Unbegun = { reason: 'capped', machines: [] }

async function listMachines(db: Db, ids: ReadonlySet<string>): Promise<Map<string, LimitGroup['machines'][number]>> {
  if (ids.size === 0) return new Map()
  const machines = db.selectFrom('providers').select(['id', 'name', 'owner_id as ownerId'])
  const rows = await machines.where('id', 'in', [...ids]).execute()
  return new Map(rows.map((row) => [row.id, row]))
}

type Recent = ReturnType<typeof listRecentFailures>
type RecentRow = Awaited<ReturnType<Recent['execute']>>[number]

/** The newest of each that are alike in these columns, with how many they are, the latest first. */
function rankAlike(
  db: Db,
  { since, kind, alike }: { since: number; kind: FailureKind; alike: readonly (keyof RecentRow)[] }
) {
  const ranked = db
    .selectFrom(listRecentFailures(db, { since, kind }).as('recent'))
    .selectAll()
    .select(amongAlike(alike, ['finished_at', 'id']))
  return db
    .selectFrom(ranked.as('ranked'))
    .selectAll('ranked')
    .where('place', '<=', MOST_SINGLES)
    .orderBy('finished_at', 'desc')
    .orderBy('ranked.id', 'desc')
}

function groupBy<R extends RecentRow & { times: number }, G>(
  rows: readonly R[],
  alike: readonly (keyof R)[],
  whatOf: (row: R) => G
): (Alike & G)[] {
  const groups = new Map<string, Alike & G>()
  for (const row of rows) {
    const name = JSON.stringify(alike.map((column) => row[column]))
    const group = groups.get(name) ?? { ...whatOf(row), model: row.model, times: Number(row.times), latest: [] }
    group.latest.push({ id: row.id, userId: row.user_id, at: row.finished_at ?? 0 })
    groups.set(name, group)
  }
  return [...groups.values()]
}

/** `limits`: the limit of an hour of an owner or of the club, which did its work. `faults`: all others. */
type FailureKind = 'faults' | 'limits'

/** As it stands in the indexes of both kinds: another list of reasons needs others. */
const LIMITS_IN_INDEX = sql.join(LIMIT_REASONS.map((reason) => sql.lit(reason)))
const IS_OF_KIND: Record<FailureKind, RawBuilder<SqlBool>> = {
  faults: sql<SqlBool>`coalesce(error_reason, '') not in (${LIMITS_IN_INDEX})`,
  limits: sql<SqlBool>`coalesce(error_reason, '') in (${LIMITS_IN_INDEX})`
}

/**
 * The newest failures of a kind at `since` or later, each with the service that failed last; read from the index of that kind, so that
 * none of the other is looked at.
 */
export const listRecentFailures = (db: Db, { since, kind }: { since: number; kind: FailureKind }) =>
  db
    .selectFrom('requests')
    .select(['id', 'user_id', 'model', 'error_code', 'error_message', 'error_reason', 'error_machines', 'finished_at'])
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
    .where(IS_OF_KIND[kind])
    .orderBy('finished_at', 'desc')
    .orderBy('id', 'desc')
    .limit(MOST_FAILURES)
