import { type Selectable, sql, type SqlBool, type Updateable } from 'kysely'
import type { Db } from '../db/database.ts'
import { olderThan } from '../db/older-than.ts'
import type { DeliveryState, Tables } from '../db/tables.ts'

export type DeliveryRow = Selectable<Tables['webhook_deliveries']>
export type DueDelivery = Pick<DeliveryRow, 'id' | 'user_id' | 'url' | 'next_try_at'>

const AT_A_TIME = 200

/** Pending deliveries whose time has come, the longest due first. */
export async function* eachDueDelivery(db: Db, now: number): AsyncGenerator<DueDelivery> {
  let last: DueDelivery | undefined
  do {
    const page: DueDelivery[] = await db
      .selectFrom('webhook_deliveries')
      .select(['id', 'user_id', 'url', 'next_try_at'])
      .where('state', '=', 'pending')
      .where('next_try_at', '<=', now)
      .where(sql<SqlBool>`(next_try_at, id) > (${last?.next_try_at ?? -1}, ${last?.id ?? ''})`)
      .orderBy('next_try_at')
      .orderBy('id')
      .limit(AT_A_TIME)
      .execute()
    yield* page
    last = page.length < AT_A_TIME ? undefined : page.at(-1)
  } while (last)
}

/**
 * Takes a due delivery for one try: nobody else will before `until`. Undefined when somebody was quicker.
 */
export const claimDelivery = (
  db: Db,
  due: DueDelivery,
  { now, until }: { now: number; until: number }
): Promise<DeliveryRow | undefined> =>
  db
    .updateTable('webhook_deliveries')
    .set((e) => ({
      next_try_at: until,
      tries: e('tries', '+', 1),
      first_try_at: e.fn.coalesce('first_try_at', e.val(now))
    }))
    .where('id', '=', due.id)
    .where('state', '=', 'pending')
    .where('next_try_at', '=', due.next_try_at)
    .returningAll()
    .executeTakeFirst()

/** Writes down how the last try of a delivery ended, unless a later one has begun. */
export async function settleDelivery(
  db: Db,
  claimed: DeliveryRow,
  end: Updateable<Tables['webhook_deliveries']>
): Promise<void> {
  await db
    .updateTable('webhook_deliveries')
    .set(end)
    .where('id', '=', claimed.id)
    .where('state', '=', 'pending')
    .where('tries', '=', claimed.tries)
    .execute()
}

/** The same for a try that is to be repeated then, or at once if the owner has meanwhile asked for it. */
export async function postponeDelivery(
  db: Db,
  claimed: DeliveryRow,
  end: Updateable<Tables['webhook_deliveries']> & { next_try_at: number }
): Promise<void> {
  await db
    .updateTable('webhook_deliveries')
    .set((e) => ({
      ...end,
      next_try_at: e
        .case()
        .when('next_try_at', '=', claimed.next_try_at)
        .then(end.next_try_at)
        .else(e.ref('next_try_at'))
        .end()
    }))
    .where('id', '=', claimed.id)
    .where('state', '=', 'pending')
    .where('tries', '=', claimed.tries)
    .execute()
}

/** Makes a delivery, of this user if one is named, due, whatever became of it, as if it had never been tried. */
export const requeueDelivery = (
  db: Db,
  { id, userId, now }: { id: string; userId: string | undefined; now: number }
): Promise<DeliveryRow | undefined> =>
  db
    .updateTable('webhook_deliveries')
    .set({ state: 'pending', next_try_at: now, first_try_at: null, delivered_at: null })
    .where('id', '=', id)
    .$if(userId !== undefined, (q) => q.where('user_id', '=', userId ?? ''))
    .returningAll()
    .executeTakeFirst()

export interface DeliveryFilter {
  /** Undefined: everybody's. */
  userId: string | undefined
  requestId?: string
  state?: DeliveryState
  /** Only those older than this one. */
  after?: Pick<DeliveryRow, 'created_at' | 'id'>
  limit: number
}

/** Newest first. */
export const listDeliveries = (db: Db, filter: DeliveryFilter): Promise<DeliveryRow[]> => {
  const { userId, requestId, state, after } = filter
  return db
    .selectFrom('webhook_deliveries')
    .selectAll()
    .$if(userId !== undefined, (q) => q.where('user_id', '=', userId ?? ''))
    .$if(requestId !== undefined, (q) => q.where('request_id', '=', requestId ?? ''))
    .$if(state !== undefined, (q) => q.where('state', '=', state ?? 'pending'))
    .$if(after !== undefined, (q) => (after ? q.where(olderThan(after)) : q))
    .orderBy('created_at', 'desc')
    .orderBy('id', 'desc')
    .limit(filter.limit)
    .execute()
}

export const findDelivery = (db: Db, id: string): Promise<DeliveryRow | undefined> =>
  db.selectFrom('webhook_deliveries').selectAll().where('id', '=', id).executeTakeFirst()

/** What signs the webhooks of a key; null when it was made without, undefined when it is gone. */
export async function findWebhookSecret(db: Db, apiKeyId: string): Promise<string | null | undefined> {
  const key = await db.selectFrom('api_keys').select('webhook_secret').where('id', '=', apiKeyId).executeTakeFirst()
  return key?.webhook_secret
}

/** Removes up to `limit` of somebody's deliveries. Returns how many. */
export async function eraseDeliveries(db: Db, { userId, limit }: { userId: string; limit: number }): Promise<number> {
  const { numDeletedRows } = await db
    .deleteFrom('webhook_deliveries')
    .where('id', 'in', (e) =>
      e.selectFrom('webhook_deliveries').select('id').where('user_id', '=', userId).limit(limit)
    )
    .executeTakeFirst()
  return Number(numDeletedRows)
}

/** How many were given up since then. */
export async function countGivenUp(db: Db, since: number): Promise<number> {
  const row = await db
    .selectFrom('webhook_deliveries')
    .select((e) => e.fn.countAll<number>().as('deliveries'))
    .where('state', '=', 'failed')
    // Within a minute of its last try.
    .where('next_try_at', '>', since)
    .executeTakeFirst()
  return Number(row?.deliveries ?? 0)
}
