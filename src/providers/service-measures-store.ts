import type { Trx } from '../db/database.ts'
import type { Work } from './image-cost.ts'
import { notePace } from './service-paces-store.ts'

/** An image that a service has delivered. */
export interface Delivered {
  serviceId: string
  providerId: string
  /** For whom. */
  userId: string
  model: string
  /** Milliseconds from its beginning until now. */
  tookMs: number
  work: Work
  /** Its engine told how far it was. */
  toldSteps: boolean
}

/**
 * Learns from an image that a service has delivered, in the transaction that ends its attempt: that it works, how long it
 * takes, and that it can have so many in the works. Places are proven one by one, whatever it declares.
 */
export async function noteDelivered(trx: Trx, delivered: Delivered): Promise<void> {
  const { serviceId, providerId } = delivered
  const inTheWorks = trx
    .selectFrom('attempts')
    // The one that was delivered runs no more.
    .select((e) => e(e.fn.countAll<number>(), '+', 1).as('images'))
    .where('provider_id', '=', providerId)
    .where('state', '=', 'running')
    .where('service_id', '=', serviceId)
  await trx
    .updateTable('services')
    .set((e) => ({
      faults_in_row: 0,
      cooling_until: 0,
      proven_places: e
        .case()
        // What begins while another is being delivered needs no place of its own.
        .when(e.and([e('proven_places', '<', inTheWorks), e('proven_places', '<', e.ref('concurrency'))]))
        .then(e('proven_places', '+', 1))
        .else(e.ref('proven_places'))
        .end()
    }))
    .where('id', '=', serviceId)
    .execute()
  await notePace(trx, delivered)
}
