import type { Database } from '../db/database.ts'
import { errors } from '../lib/errors.ts'
import {
  type DeliveryFilter,
  type DeliveryRow,
  findDelivery,
  listDeliveries,
  requeueDelivery
} from './webhook-store.ts'

export interface DeliveryPageFilter extends Omit<DeliveryFilter, 'after'> {
  /** The id of the last one of the page before. */
  after?: string
}

export interface Webhooks {
  /** A page of a user's deliveries, newest first. Throws `invalid_request` for an unknown `after`. */
  listDeliveries(filter: DeliveryPageFilter): Promise<{ deliveries: DeliveryRow[]; hasMore: boolean }>
  /**
   * Makes a delivery due now, whatever became of it, with 24 h of retries ahead; its id stays. Throws `not_found`, also
   * for somebody else's.
   */
  redeliver(id: string, userId: string): Promise<DeliveryRow>
}

export function createWebhooks({ database }: { database: Database }): Webhooks {
  const { db, clock, bell } = database
  return {
    listDeliveries: async ({ after: lastId, limit, ...filter }) => {
      const after = lastId === undefined ? undefined : await findDelivery(db, lastId)
      if (lastId !== undefined && after?.user_id !== filter.userId) throw errors.unknownCursor()
      const rows = await listDeliveries(db, { ...filter, limit: limit + 1, ...(after && { after }) })
      return { deliveries: rows.slice(0, limit), hasMore: rows.length > limit }
    },
    redeliver: async (id, userId) => {
      const queued = await requeueDelivery(db, { id, userId, now: clock.now() })
      if (!queued) throw errors.notFound(`The webhook delivery '${id}'`)
      bell.ring('webhooks')
      return queued
    }
  }
}
