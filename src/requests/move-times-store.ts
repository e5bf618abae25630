import type { ExpressionBuilder } from 'kysely'
import type { Trx } from '../db/database.ts'
import type { Tables } from '../db/tables.ts'
import { LEASED } from './attempt-store.ts'

/**
 * Moves what is measured with the clock along with it: leases, presence, pauses, wishes that models are loaded and the next tries of
 * images and webhooks end as much later (or earlier) as it is set ahead (or back). What is past stays past. Times that tell when something was stay.
 */
export async function moveTimes(trx: Trx, { now, byMs }: { now: number; byMs: number }): Promise<void> {
  const later = now + byMs
  const moved = <T extends keyof Tables>(e: ExpressionBuilder<Tables, T>, column: string) => {
    const value = e.ref(column as never)
    return e
      .case()
      .when(value, '>', now as never)
      .then(e(value, '+', byMs as never))
      .when(value, '>', later as never)
      .then(later)
      .else(value)
      .end() as never
  }
  const earliest = Math.min(now, later)
  await trx
    .updateTable('attempts')
    .set((e) => ({ lease_until: e('lease_until', '+', byMs) }))
    .where('state', 'in', LEASED)
    .execute()
  await trx
    .updateTable('providers')
    .set((e) => ({
      online_until: moved(e, 'online_until'),
      last_seen_at: e.case().when('last_seen_at', '>', later).then(later).else(e.ref('last_seen_at')).end()
    }))
    .where((e) => e.or([e('online_until', '>', earliest), e('last_seen_at', '>', later)]))
    .execute()
  await trx
    .updateTable('service_pauses')
    .set((e) => ({ until: moved(e, 'until'), since: e('since', '+', byMs) }))
    .where('until', '>', earliest)
    .execute()
  await trx
    .updateTable('service_warms')
    .set((e) => ({ until: moved(e, 'until'), asked_at: e('asked_at', '+', byMs) }))
    .where('until', '>', earliest)
    .execute()
  await trx
    .updateTable('services')
    .set((e) => ({ cooling_until: moved(e, 'cooling_until') }))
    .where('cooling_until', '>', earliest)
    .execute()
  await trx
    .updateTable('tasks')
    .set((e) => ({ not_before: moved(e, 'not_before') }))
    .where('state', '=', 'queued')
    .where('not_before', '>', earliest)
    .execute()
  await trx
    .updateTable('webhook_deliveries')
    .set((e) => ({ next_try_at: moved(e, 'next_try_at') }))
    .where('state', '=', 'pending')
    .where('next_try_at', '>', earliest)
    .execute()
}
