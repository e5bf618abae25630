import { DAY_MS, HOUR_MS } from '../lib/durations.ts'
import { type Insertable, type RawBuilder, sql } from 'kysely'
import type { Db, Trx } from '../db/database.ts'
import type { Tables } from '../db/tables.ts'
import { DIMENSIONS, type Measure, MEASURES } from './usage-totals-store.ts'

/**
 * Moves up to `limit` images into the totals of their hours, days and providers. An image is in the totals or in the
 * tail, never in both: one transaction marks and adds. There is no watermark, so a clock that jumps loses nothing.
 * Returns how many.
 */
export async function rollUp(db: Db, limit: number): Promise<number> {
  return db.transaction().execute(async (trx) => {
    const rows = await trx
      .updateTable('usage_images')
      .set({ rolled_up: 1 })
      // Again, for where another may have taken the same ones meanwhile.
      .where('rolled_up', '=', 0)
      .where('asset_id', 'in', (e) =>
        e.selectFrom('usage_images').select('asset_id').where('rolled_up', '=', 0).limit(limit)
      )
      .returning([...DIMENSIONS, 'created_at', 'generating_ms', 'first_of_request'])
      .execute()
    if (rows.length > 0) {
      await addToHours(trx, rows)
      await addToDays(trx, rows)
      await addToProviders(trx, rows)
    }
    return rows.length
  })
}

type DayTotal = Insertable<Tables['usage_days']>
type Total = Omit<DayTotal, 'day'>
type Counted = Omit<Total, 'images' | 'requests' | 'last_at'> & { created_at: number; first_of_request: number }

/** The images added up per unit of time and dimensions; `start` is when the unit begins. */
function totalsOf(rows: readonly Counted[], unitMs: number): { start: number; total: Total }[] {
  const totals = new Map<string, { start: number; total: Total }>()
  for (const { created_at, first_of_request, generating_ms, ...dimensions } of rows) {
    const start = Math.floor(created_at / unitMs) * unitMs
    const key = JSON.stringify([start, ...DIMENSIONS.map((name) => dimensions[name])])
    const one = { images: 1, requests: first_of_request, generating_ms }
    const total = totals.get(key)?.total
    if (!total) {
      totals.set(key, { start, total: { ...dimensions, ...one, last_at: created_at } })
      continue
    }
    for (const name of MEASURES) total[name] += one[name]
    total.last_at = Math.max(total.last_at, created_at)
  }
  return [...totals.values()]
}

/** Each measure of the row that is there with that of the new one. */
const added = (table: 'usage_hours' | 'usage_days') =>
  Object.fromEntries(
    MEASURES.map((name) => [name, sql<number>`${sql.ref(`${table}.${name}`)} + ${sql.ref(`excluded.${name}`)}`])
  ) as Record<Measure, RawBuilder<number>>

async function addToHours(trx: Trx, rows: readonly Counted[]): Promise<void> {
  await trx
    .insertInto('usage_hours')
    .values(totalsOf(rows, HOUR_MS).map(({ start, total: { last_at: _, ...total } }) => ({ hour: start, ...total })))
    .onConflict((c) => c.columns(['hour', ...DIMENSIONS]).doUpdateSet(added('usage_hours')))
    .execute()
}

async function addToDays(trx: Trx, rows: readonly Counted[]): Promise<void> {
  await trx
    .insertInto('usage_days')
    .values(totalsOf(rows, DAY_MS).map(({ start, total }) => ({ day: start, ...total })))
    .onConflict((c) =>
      c.columns(['day', ...DIMENSIONS]).doUpdateSet((e) => ({
        ...added('usage_days'),
        last_at: e
          .case()
          .when('usage_days.last_at', '>', e.ref('excluded.last_at'))
          .then(e.ref('usage_days.last_at'))
          .else(e.ref('excluded.last_at'))
          .end()
      }))
    )
    .execute()
}

async function addToProviders(trx: Trx, rows: readonly Counted[]): Promise<void> {
  const counted = Map.groupBy(rows, (row) => row.provider_id)
  await trx
    .insertInto('usage_providers')
    .values([...counted].map(([provider_id, same]) => ({ provider_id, images: same.length })))
    .onConflict((c) =>
      c.column('provider_id').doUpdateSet((e) => ({
        images: e('usage_providers.images', '+', e.ref('excluded.images'))
      }))
    )
    .execute()
}
