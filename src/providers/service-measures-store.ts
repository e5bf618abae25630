import type { OfferingConfig } from '../config/config.ts'
import type { Trx } from '../db/database.ts'
import type { Work } from './image-cost.ts'
import { ALL_MODELS, forgetPauses } from './pause-store.ts'
import { notePace } from './service-paces-store.ts'
import { noteDelivery } from './trust-store.ts'

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
  /** UTC milliseconds. */
  now: number
}

/**
 * Learns from an image that a service has delivered, in the transaction that ends its attempt and has locked its provider:
 * that it works, how long it takes, that it can have so many in the works, and how far a new provider is trusted. Places are
 * proven one by one, whatever it declares. Looks first, for most images change nothing but the pace.
 */
export async function noteDelivered(trx: Trx, delivered: Delivered, rules: OfferingConfig): Promise<void> {
  const { serviceId, userId } = delivered
  const known = await findKnown(trx, delivered)
  // What begins while another is being delivered needs no place of its own. The one that was delivered runs no more.
  const isProof = known.proven_places < Math.min(Number(known.running) + 1, known.concurrency)
  if (isProof || known.faults_in_row !== 0 || known.cooling_until !== 0) {
    await trx
      .updateTable('services')
      .set({ faults_in_row: 0, cooling_until: 0, proven_places: known.proven_places + (isProof ? 1 : 0) })
      .where('id', '=', serviceId)
      .execute()
  }
  await notePace(trx, delivered)
  if (known.trust === 'limited' && known.owner_id !== userId) await noteDelivery(trx, delivered, rules)
  if (known.has_ended_pauses) await forgetPauses(trx, delivered)
}

/** What an image may change of the service that delivered it, and of its provider. */
const findKnown = (trx: Trx, { serviceId, providerId, model, now }: Delivered) =>
  trx
    .selectFrom('services')
    .innerJoin('providers', 'providers.id', 'services.provider_id')
    .select(['faults_in_row', 'cooling_until', 'proven_places', 'concurrency', 'providers.trust', 'providers.owner_id'])
    .select((e) => [
      e
        .selectFrom('attempts')
        .select((a) => a.fn.countAll<number>().as('images'))
        .where('attempts.provider_id', '=', providerId)
        .where('attempts.state', '=', 'running')
        .where('attempts.service_id', '=', serviceId)
        .as('running'),
      e
        .exists(
          e
            .selectFrom('service_pauses')
            .select('service_pauses.until')
            .where('service_pauses.service_id', '=', serviceId)
            .where('service_pauses.model', 'in', [ALL_MODELS, model])
            .where('service_pauses.until', '<=', now)
        )
        .as('has_ended_pauses')
    ])
    .where('services.id', '=', serviceId)
    .executeTakeFirstOrThrow()
