import type { OfferingConfig } from '../config/config.ts'
import type { Db } from '../db/database.ts'
import type { Feature } from '../images/image-request.ts'
import { ALL_MODELS, longestPause, type Pause, PAUSE_COLUMNS } from './pause-store.ts'
import type { MeasuredService, Pace } from './image-cost.ts'
import type { SeenRows } from './claim-grounds-store.ts'
import { paceOfRow } from './service-paces-store.ts'
import { type ServiceAccess, termsOfRow } from './service-terms.ts'
import { type Reach, reachOf, standingOf } from './trust-policy.ts'

/** One model of one image service that is online (or was seen lately). */
export interface Offer {
  serviceId: string
  providerId: string
  providerName: string
  ownerId: string
  model: string
  features: Feature[]
  access: ServiceAccess
  /** Whom it may serve, within its access. */
  reach: Reach
  /** It serves its owner alone until an admin lets it in. */
  isPending?: true
  /** Images that others may have from it within an hour, in all and each; absent: as many as they like. */
  imagesPerHour?: number
  imagesPerUserHour?: number
  /** Images it makes at a time, as it says. */
  concurrency: number
  /** The most images it had in the works when it delivered one. */
  provenPlaces: number
  /** How long it takes for images of this model, as measured here. */
  pace: Pace
  /** UTC milliseconds; in the past when the service is not cooling down. */
  coolingUntil: number
  /** There when it is, or was lately, left alone. */
  pause?: Pause
  /** When the model was first offered. */
  createdAt: number
  /** What its reach and access follow from. */
  seen: SeenRows
  /** There are people whom its provider does not serve. */
  hasBlocks: boolean
}

export interface OfferFilter {
  /** UTC milliseconds. */
  seenSince: number
  model?: string
  models?: readonly string[]
  drained?: boolean
}

/** Offers of image services, by model and then by when it was first offered. */
export async function listOffers(db: Db, filter: OfferFilter, mode: OfferingConfig['providers']): Promise<Offer[]> {
  const rows = await db
    .selectFrom('service_models')
    .innerJoin('services', 'services.id', 'service_models.service_id')
    .innerJoin('providers', 'providers.id', 'services.provider_id')
    .innerJoin('users', 'users.id', 'providers.owner_id')
    .leftJoin('service_paces', (join) =>
      join
        .onRef('service_paces.service_id', '=', 'services.id')
        .onRef('service_paces.model', '=', 'service_models.model')
    )
    .leftJoin('service_pauses as whole', (join) =>
      join.onRef('whole.service_id', '=', 'services.id').on('whole.model', '=', ALL_MODELS)
    )
    .leftJoin('service_pauses as single', (join) =>
      join.onRef('single.service_id', '=', 'services.id').onRef('single.model', '=', 'service_models.model')
    )
    .select([
      'services.id as service_id',
      'services.access',
      'services.concurrency',
      'services.images_per_hour',
      'services.images_per_user_hour',
      'services.cooling_until',
      'services.proven_places',
      'service_paces.megapixel_ms',
      'service_paces.step_ms',
      'providers.trust',
      'users.role',
      'providers.id as provider_id',
      'providers.name as provider_name',
      'providers.owner_id',
      'service_models.model',
      'service_models.features',
      'service_models.created_at',
      ...PAUSE_COLUMNS
    ])
    .select((e) =>
      e
        .exists(
          e
            .selectFrom('provider_blocks')
            .select('provider_blocks.user_id')
            .whereRef('provider_blocks.provider_id', '=', 'providers.id')
        )
        .as('has_blocks')
    )
    .where('services.type', '=', 'image')
    .where('services.declared', '=', 1)
    .where('providers.online_until', '>', filter.seenSince)
    .where('providers.forgotten_at', 'is', null)
    .$if(filter.drained !== true, (q) =>
      q.where('providers.drained_at', 'is', null).where('services.paused_at', 'is', null)
    )
    .$if(filter.model !== undefined, (q) => q.where('service_models.model', '=', filter.model ?? ''))
    .$if(filter.models !== undefined, (q) => q.where('service_models.model', 'in', filter.models ?? []))
    .orderBy('service_models.model')
    .orderBy('service_models.created_at')
    .execute()
  return rows.map((row) => ({
    serviceId: row.service_id,
    providerId: row.provider_id,
    providerName: row.provider_name,
    ownerId: row.owner_id,
    model: row.model,
    features: row.features.split(' ').filter((f) => f !== '') as Feature[],
    ...termsOfRow(row),
    reach: reachOf({ trust: row.trust, ownerRole: row.role }, mode),
    ...(standingOf({ trust: row.trust, ownerRole: row.role }, mode) === 'pending' && { isPending: true as const }),
    concurrency: row.concurrency,
    provenPlaces: row.proven_places,
    pace: paceOfRow(row),
    coolingUntil: row.cooling_until,
    ...pauseMember(longestPause(row)),
    createdAt: row.created_at,
    seen: { access: row.access, trust: row.trust, ownerRole: row.role },
    hasBlocks: Boolean(row.has_blocks)
  }))
}

/** What is known of it by which images cost. */
export const measuredOf = ({ pace, provenPlaces: places, reach }: Offer): MeasuredService => ({
  pace,
  places,
  isTrusted: reach === 'all'
})

const pauseMember = (pause: Pause | undefined): Pick<Offer, 'pause'> => (pause ? { pause } : {})
