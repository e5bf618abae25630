import { DAY_MS, HOUR_MS } from '../lib/durations.ts'
import type { Insertable } from 'kysely'
import type { Db, Trx } from '../db/database.ts'
import type { Tables } from '../db/tables.ts'
import { DIMENSIONS } from './usage-totals-store.ts'

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
    const none = { ...dimensions, images: 0, requests: 0, generating_ms: 0, last_at: created_at }
    const { total } = totals.get(key) ?? { total: none }
    total.images += 1
    total.requests += first_of_request
    total.generating_ms += generating_ms
    total.last_at = Math.max(total.last_at, created_at)
    totals.set(key, { start, total })
  }
  return [...totals.values()]
}

async function addToHours(trx: Trx, rows: readonly Counted[]): Promise<void> {
  await trx
    .insertInto('usage_hours')
    .values(totalsOf(rows, HOUR_MS).map(({ start, total: { last_at: _, ...total } }) => ({ hour: start, ...total })))
    .onConflict((c) =>
      c.columns(['hour', ...DIMENSIONS]).doUpdateSet((e) => ({
        images: e('usage_hours.images', '+', e.ref('excluded.images')),
        requests: e('usage_hours.requests', '+', e.ref('excluded.requests')),
        generating_ms: e('usage_hours.generating_ms', '+', e.ref('excluded.generating_ms'))
      }))
    )
    .execute()
}

async function addToDays(trx: Trx, rows: readonly Counted[]): Promise<void> {
  await trx
    .insertInto('usage_days')
    .values(totalsOf(rows, DAY_MS).map(({ start, total }) => ({ day: start, ...total })))
    .onConflict((c) =>
      c.columns(['day', ...DIMENSIONS]).doUpdateSet((e) => ({
        images: e('usage_days.images', '+', e.ref('excluded.images')),
        requests: e('usage_days.requests', '+', e.ref('excluded.requests')),
        generating_ms: e('usage_days.generating_ms', '+', e.ref('excluded.generating_ms')),
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
