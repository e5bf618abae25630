import type { Limits } from '../config/config.ts'
import type { Database } from '../db/database.ts'
import { lockPerson } from '../db/locks.ts'
import { inSlices } from '../lib/async.ts'
import { errors } from '../lib/errors.ts'
import { countPendingWebhooks } from '../requests/outbox-store.ts'
import { requireWebhookRoom } from '../usage/budgets.ts'
import {
  countGivenUp,
  type DeliveryFilter,
  type DeliveryRow,
  eraseDeliveries,
  findDelivery,
  listDeliveries,
  pruneDeliveries,
  requeueDelivery
} from './webhook-store.ts'

export interface DeliveryPageFilter extends Omit<DeliveryFilter, 'after' | 'userId'> {
  userId: string
  /** The id of the last one of the page before. */
  after?: string
}

export interface Webhooks {
  /** A page of a user's deliveries, newest first. Throws `invalid_request` for an unknown `after`. */
  listDeliveries(filter: DeliveryPageFilter): Promise<{ deliveries: DeliveryRow[]; hasMore: boolean }>
  /** The same by place, of somebody's or of everybody's. */
  browseDeliveries(filter: DeliveryFilter): Promise<DeliveryRow[]>
  /**
   * Makes a delivery due now, whatever became of it, with 24 h of retries ahead; its id stays. Throws `not_found`, also
   * for somebody else's unless no `userId` is named, and `insufficient_quota` when too many are to be made already.
   */
  redeliver(id: string, userId: string | undefined): Promise<DeliveryRow>
  /** How many were given up since then. */
  countGivenUp(since: number): Promise<number>
  /** Removes what is older than deliveries are kept. Stops early when `signal` aborts. */
  prune(signal: AbortSignal): Promise<void>
  /** Removes all of somebody's. Stops early when `signal` aborts; called again, it goes on where it was. */
  erase(filter: { userId: string; signal: AbortSignal }): Promise<void>
}

type WebhookLimits = Pick<Limits, 'webhookRetentionMs' | 'webhooksPerUser'>

const ERASED_AT_A_TIME = 200

export function createWebhooks({ database, limits }: { database: Database; limits: WebhookLimits }): Webhooks {
  const { db, clock, bell } = database
  return {
    listDeliveries: async ({ after: lastId, limit, ...filter }) => {
      const after = lastId === undefined ? undefined : await findDelivery(db, lastId)
      if (lastId !== undefined && after?.user_id !== filter.userId) throw errors.unknownCursor()
      const rows = await listDeliveries(db, { ...filter, limit: limit + 1, ...(after && { after }) })
      return { deliveries: rows.slice(0, limit), hasMore: rows.length > limit }
    },
    browseDeliveries: (filter) => listDeliveries(db, filter),
    redeliver: async (id, userId) => {
      const delivery = await findDelivery(db, id)
      const missing = errors.notFound(`The webhook delivery '${id}'`)
      if (!delivery) throw missing
      const queued = await db.transaction().execute(async (trx) => {
        await lockPerson(trx, delivery.user_id)
        const row = await requeueDelivery(trx, { id, userId, now: clock.now() })
        if (!row) throw missing
        requireWebhookRoom(limits, { pending: await countPendingWebhooks(trx, row.user_id), more: 0 })
        return row
      })
      bell.ring('webhooks')
      return queued
    },
    countGivenUp: (since) => countGivenUp(db, since),
    prune: (signal) => {
      const before = clock.now() - limits.webhookRetentionMs
      return inSlices(() => pruneDeliveries(db, { before, limit: ERASED_AT_A_TIME }), signal)
    },
    erase: ({ userId, signal }) => inSlices(() => eraseDeliveries(db, { userId, limit: ERASED_AT_A_TIME }), signal)
  }
}
