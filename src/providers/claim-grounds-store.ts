import type { ExpressionBuilder } from 'kysely'
import type { OfferingConfig } from '../config/config.ts'
import type { Db } from '../db/database.ts'
import type { Trust } from '../db/provider-tables.ts'
import type { Tables } from '../db/tables.ts'
import { ALL_MODELS } from './pause-store.ts'
import { type ServiceTerms, termsOfRow } from './service-terms.ts'
import { type Reach, reachOf } from './trust-policy.ts'

/** What it depends on whether a service may make an image of a model for somebody, as it is at this moment. */
export interface ClaimGrounds {
  terms: ServiceTerms
  /** Whose machine it is. */
  ownerId: string
  /** Whom its provider may serve. */
  reach: Reach
  /** By its owner. */
  isPaused: boolean
  /** Its provider does not serve this user. */
  isBlocked: boolean
  /** It, or this model of it, is given no work for a while. */
  isLeftAlone: boolean
  user: { userId: string; email: string; emailVerified: boolean }
}

/** All of it in one look; undefined when there is no such service. */
export async function findClaimGrounds(
  db: Db,
  claim: { serviceId: string; userId: string; model: string; now: number; mode: OfferingConfig['providers'] }
): Promise<ClaimGrounds | undefined> {
  const { serviceId, userId, model, now, mode } = claim
  const row = await db
    .selectFrom('services')
    .innerJoin('providers', 'providers.id', 'services.provider_id')
    .innerJoin('users as owner', 'owner.id', 'providers.owner_id')
    .innerJoin('users as asker', (join) => join.on('asker.id', '=', userId))
    .select(['services.access', 'images_per_hour', 'images_per_user_hour', 'paused_at'])
    .select(['providers.trust', 'owner_id', 'owner.role as ownerRole', 'asker.email', 'asker.email_verified'])
    .select((e) => [
      e
        .exists(
          e
            .selectFrom('provider_blocks')
            .select('provider_blocks.user_id')
            .whereRef('provider_blocks.provider_id', '=', 'providers.id')
            .whereRef('provider_blocks.user_id', '=', 'asker.id')
        )
        .as('is_blocked'),
      e
        .exists(
          e
            .selectFrom('service_pauses')
            .select('service_pauses.until')
            .whereRef('service_pauses.service_id', '=', 'services.id')
            .where('service_pauses.model', 'in', [ALL_MODELS, model])
            .where('service_pauses.until', '>', now)
        )
        .as('is_left_alone')
    ])
    .where('services.id', '=', serviceId)
    .executeTakeFirst()
  return (
    row && {
      terms: termsOfRow(row),
      ownerId: row.owner_id,
      reach: reachOf(row, mode),
      isPaused: row.paused_at !== null,
      isBlocked: Boolean(row.is_blocked),
      isLeftAlone: Boolean(row.is_left_alone),
      user: { userId, email: row.email, emailVerified: row.email_verified === 1 }
    }
  )
}

/** What its being open to somebody followed from, as the rows said when a service was looked at. */
export interface SeenRows {
  /** The column, as it is written. */
  access: string
  trust: Trust
  ownerRole: string
}

/** A service that was found to be open to somebody without a look at who they are, nor at what others had of it. */
export interface OpenService {
  serviceId: string
  model: string
  userId: string
  /** Absent: it is their own, which is always open to them. */
  seen?: SeenRows
}

/**
 * Whether a service that was found open is so still, as a condition of the statement that takes a task for it: it saves every
 * claim a look. Of what has changed since the next round hears.
 */
export const isStillOpen =
  ({ serviceId, model, userId, seen }: OpenService, now: number) =>
  (e: ExpressionBuilder<Tables, 'tasks'>) =>
    e.exists(
      e
        .selectFrom('services')
        .select('services.id')
        .where('services.id', '=', serviceId)
        .where('services.paused_at', 'is', null)
        .where((s) =>
          s.not(
            s.exists(
              s
                .selectFrom('service_pauses')
                .select('service_pauses.until')
                .whereRef('service_pauses.service_id', '=', 'services.id')
                .where('service_pauses.model', 'in', [ALL_MODELS, model])
                .where('service_pauses.until', '>', now)
            )
          )
        )
        .$if(seen !== undefined, (q) => q.where(isAsSeen(seen as SeenRows, userId)))
    )

const isAsSeen =
  ({ access, trust, ownerRole }: SeenRows, userId: string) =>
  (e: ExpressionBuilder<Tables, 'services'>) =>
    e.and([
      e('services.access', '=', access),
      e('services.images_per_hour', 'is', null),
      e('services.images_per_user_hour', 'is', null),
      e.exists(
        e
          .selectFrom('providers')
          .innerJoin('users as owner', 'owner.id', 'providers.owner_id')
          .select('providers.id')
          .whereRef('providers.id', '=', 'services.provider_id')
          .where('providers.trust', '=', trust)
          .where('owner.role', '=', ownerRole)
      ),
      e.not(
        e.exists(
          e
            .selectFrom('provider_blocks')
            .select('provider_blocks.user_id')
            .whereRef('provider_blocks.provider_id', '=', 'services.provider_id')
            .where('provider_blocks.user_id', '=', userId)
        )
      )
    ])
