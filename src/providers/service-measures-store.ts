import { type ExpressionBuilder, expressionBuilder } from 'kysely'
import type { OfferingConfig } from '../config/config.ts'
import type { Trx } from '../db/database.ts'
import type { Tables } from '../db/tables.ts'
import { ALL_MODELS, forgetPauses } from './pause-store.ts'
import type { MeasuredImage } from './service-paces-store.ts'
import { noteDelivery } from './trust-store.ts'

/** An image that a service has delivered. */
export interface Delivered extends MeasuredImage {
  attemptId: string
  providerId: string
  /** For whom. */
  userId: string
  /** UTC milliseconds. */
  now: number
}

/**
 * Whether an image changes anything of the service that delivered it, or of its provider, as a column of the statement that ends
 * its attempt: most images do not.
 */
export const isNewsOf = (delivered: Delivered) => (e: ExpressionBuilder<Tables, 'attempts'>) =>
  e
    .exists(
      e
        .selectFrom('services')
        .innerJoin('providers', 'providers.id', 'services.provider_id')
        .select('services.id')
        .where('services.id', '=', delivered.serviceId)
        .where((s) =>
          s.or([
            s('faults_in_row', '!=', 0),
            s('cooling_until', '!=', 0),
            s.and([s('providers.trust', '=', 'limited'), s('providers.owner_id', '!=', delivered.userId)]),
            s.exists(
              s
                .selectFrom('service_pauses')
                .select('service_pauses.until')
                .where('service_pauses.service_id', '=', delivered.serviceId)
                .where('service_pauses.model', 'in', [ALL_MODELS, delivered.model])
                .where('service_pauses.until', '<=', delivered.now)
            ),
            s.and([s('proven_places', '<', s.ref('concurrency')), s('proven_places', '<=', countOthers(delivered))])
          ])
        )
    )
    .as('isNews')

/**
 * Learns from an image that `isNewsOf` a service, in the transaction that ends its attempt and has locked its provider: that it
 * works, that it can have so many in the works, and how far a new provider is trusted. Places are proven one by one, whatever
 * it declares.
 */
export async function noteNews(trx: Trx, delivered: Delivered, rules: OfferingConfig): Promise<void> {
  const { serviceId, userId } = delivered
  const known = await trx
    .selectFrom('services')
    .innerJoin('providers', 'providers.id', 'services.provider_id')
    .select(['proven_places', 'concurrency', 'providers.trust', 'providers.owner_id'])
    .select(countOthers(delivered).as('others'))
    .where('services.id', '=', serviceId)
    .executeTakeFirstOrThrow()
  const isProof = known.proven_places < Math.min(Number(known.others) + 1, known.concurrency)
  await trx
    .updateTable('services')
    .set({ faults_in_row: 0, cooling_until: 0, proven_places: known.proven_places + (isProof ? 1 : 0) })
    .where('id', '=', serviceId)
    .execute()
  if (known.trust === 'limited' && known.owner_id !== userId) await noteDelivery(trx, delivered, rules)
  await forgetPauses(trx, delivered)
}

/** Whether a service has made nothing since it was last at fault. */
export async function hasFaultsInRow(trx: Trx, serviceId: string): Promise<boolean> {
  const row = await trx.selectFrom('services').select('faults_in_row').where('id', '=', serviceId).executeTakeFirst()
  return row !== undefined && row.faults_in_row > 0
}

/** Images that the service makes besides. What begins while another is being delivered needs no place of its own. */
const countOthers = ({ providerId, serviceId, attemptId }: Delivered) =>
  expressionBuilder<Tables>()
    .selectFrom('attempts as others')
    .select((e) => e.fn.countAll<number>().as('images'))
    .where('others.provider_id', '=', providerId)
    .where('others.state', '=', 'running')
    .where('others.service_id', '=', serviceId)
    .where('others.id', '!=', attemptId)
