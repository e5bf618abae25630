import type { Database, Db } from '../db/database.ts'
import { HOUR_MS } from '../lib/durations.ts'

/** Who looked at a request of somebody else, and when; the looks of an hour are one. */
export interface Look {
  viewer_id: string
  name: string
  first_at: number
  last_at: number
  times: number
}

/** Writes down that an admin (`viewerId`) looks at requests of others; nothing is written of those that are gone. */
export async function noteLooks(
  { db, clock }: Pick<Database, 'db' | 'clock'>,
  { viewerId, requestIds }: { viewerId: string; requestIds: readonly string[] }
): Promise<void> {
  if (requestIds.length === 0) return
  const now = clock.now()
  await db
    .insertInto('looks')
    .columns(['request_id', 'viewer_id', 'first_at', 'last_at', 'times'])
    .expression((e) =>
      e
        .selectFrom('requests')
        .select((r) => [
          'requests.id',
          r.val(viewerId).as('viewer_id'),
          r.val(now).as('first_at'),
          r.val(now).as('last_at'),
          r.val(1).as('times')
        ])
        .where('requests.id', 'in', requestIds)
        .where('requests.user_id', '!=', viewerId)
    )
    .onConflict((c) =>
      c
        .columns(['request_id', 'viewer_id'])
        .doUpdateSet((e) => ({ last_at: now, times: e('looks.times', '+', 1) }))
        .where('looks.last_at', '<=', now - HOUR_MS)
    )
    .execute()
}

/** Those who looked at a request, the last one first. */
export const listLooks = (db: Db, requestId: string): Promise<Look[]> =>
  db
    .selectFrom('looks')
    .innerJoin('users', 'users.id', 'looks.viewer_id')
    .select(['looks.viewer_id', 'users.name', 'looks.first_at', 'looks.last_at', 'looks.times'])
    .where('looks.request_id', '=', requestId)
    .orderBy('looks.last_at', 'desc')
    .execute()
