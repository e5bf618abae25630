import type { Selectable, Updateable } from 'kysely'
import type { Db } from '../db/database.ts'
import { olderThan } from '../db/older-than.ts'
import type { DeliveryState, Tables } from '../db/tables.ts'

export type DeliveryRow = Selectable<Tables['webhook_deliveries']>
export type DueDelivery = Pick<DeliveryRow, 'id' | 'user_id' | 'host' | 'next_try_at'>

/**
 * Pending deliveries whose time has come, the longest due first, but for those of `except`. What is passed over costs a
 * step in an index.
 */
export const listDue = (
  db: Db,
  filter: { now: number; limit: number; except: { ids: string[]; userIds: string[]; hosts: string[] } }
): Promise<DueDelivery[]> => {
  const { now, limit, except } = filter
  return db
    .selectFrom('webhook_deliveries')
    .select(['id', 'user_id', 'host', 'next_try_at'])
    .where('state', '=', 'pending')
    .where('next_try_at', '<=', now)
    .$if(except.ids.length > 0, (q) => q.where('id', 'not in', except.ids))
    .$if(except.userIds.length > 0, (q) => q.where('user_id', 'not in', except.userIds))
    .$if(except.hosts.length > 0, (q) => q.where('host', 'not in', except.hosts))
    .orderBy('next_try_at')
    .orderBy('id')
    .limit(limit)
    .execute()
}

/** Lets what is due of a user at a host that did not answer wait until then, too, as if it had been tried itself. */
export async function postponeAlike(db: Db, tried: DeliveryRow, pause: { now: number; until: number }): Promise<void> {
  await dueAlike(db, tried, pause.now)
    .set((e) => ({ next_try_at: pause.until, first_try_at: e.fn.coalesce('first_try_at', e.val(pause.now)) }))
    .execute()
}

/**
 * Gives up what is due of a user at a host that did not answer, and was first tried at `firstTriedBefore` or earlier.
 */
export async function giveUpAlike(
  db: Db,
  tried: DeliveryRow,
  end: { now: number; firstTriedBefore: number; error: string | null }
): Promise<void> {
  await dueAlike(db, tried, end.now)
    .set({ state: 'failed', last_status: null, last_error: end.error })
    .where('first_try_at', '<=', end.firstTriedBefore)
    .execute()
}

const dueAlike = (db: Db, { user_id, host }: DeliveryRow, now: number) =>
  db
    .updateTable('webhook_deliveries')
    .where('state', '=', 'pending')
    .where('user_id', '=', user_id)
    .where('host', '=', host)
    .where('next_try_at', '<=', now)

/** Removes up to `limit` deliveries that were made before then. Returns how many. */
export async function pruneDeliveries(db: Db, { before, limit }: { before: number; limit: number }): Promise<number> {
  const { numDeletedRows } = await db
    .deleteFrom('webhook_deliveries')
    .where('id', 'in', (e) =>
      e
        .selectFrom('webhook_deliveries')
        .select('id')
        .where('created_at', '<', before)
        .orderBy('created_at')
        .limit(limit)
    )
    .executeTakeFirst()
  return Number(numDeletedRows)
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
        .then(e.val(end.next_try_at))
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
