import type { Db } from '../db/database.ts'
import { HOUR_MS } from '../lib/durations.ts'

/**
 * Images of a key or a person since `since`, which must be the beginning of an hour: the totals and what is not in them
 * yet.
 */
export async function countImagesSince(db: Db, whose: { user_id: string } | { api_key_id: string }, since: number) {
  const [column, value] = Object.entries(whose)[0] as ['user_id' | 'api_key_id', string]
  const totals = await db
    .selectFrom('usage_hours')
    .select((e) => e.fn.sum<number>('images').as('images'))
    .where(column, '=', value)
    .where('hour', '>=', since)
    .executeTakeFirst()
  const tail = await db
    .selectFrom('usage_images')
    .select((e) => e.fn.countAll<number>().as('images'))
    .where('rolled_up', '=', 0)
    .where(column, '=', value)
    .where('created_at', '>=', since)
    .executeTakeFirst()
  return Number(totals?.images ?? 0) + Number(tail?.images ?? 0)
}

/** Images that these services, and all of these providers, made for others than their owners since then. */
export async function countServed(
  db: Db,
  { serviceIds, providerIds, since }: { serviceIds: readonly string[]; providerIds: readonly string[]; since: number }
): Promise<{ serviceId: string; providerId: string; userId: string; images: number }[]> {
  const rows = await db
    .selectFrom('services')
    .innerJoin('providers', 'providers.id', 'services.provider_id')
    .innerJoin('usage_images', 'usage_images.service_id', 'services.id')
    .select((e) => [
      'services.id',
      'services.provider_id',
      'usage_images.user_id',
      e.fn.countAll<number>().as('images')
    ])
    .where((e) => e.or([e('services.id', 'in', serviceIds), e('services.provider_id', 'in', providerIds)]))
    .where('usage_images.created_at', '>=', since)
    .whereRef('usage_images.user_id', '!=', 'providers.owner_id')
    .groupBy(['services.id', 'services.provider_id', 'usage_images.user_id'])
    .execute()
  return rows.map((row) => ({
    serviceId: row.id,
    providerId: row.provider_id,
    userId: row.user_id,
    images: Number(row.images)
  }))
}

/**
 * When an image that a service, or any of a provider, stored for others than its owner (with `userId`, for that person) will be more
 * than an hour old, UTC milliseconds: the oldest that is not yet, after passing over `skip` of them. Undefined when there are no more.
 */
export async function findHourOver(
  db: Db,
  of: ({ serviceId: string } | { providerId: string }) & {
    ownerId: string
    userId?: string | undefined
    now: number
    skip: number
  }
): Promise<number | undefined> {
  const { ownerId, userId, now, skip } = of
  const row = await db
    .selectFrom('usage_images')
    .select('created_at')
    .where((e) =>
      'serviceId' in of
        ? e('service_id', '=', of.serviceId)
        : e('service_id', 'in', e.selectFrom('services').select('id').where('provider_id', '=', of.providerId))
    )
    .where('created_at', '>=', now - HOUR_MS)
    .where('user_id', '!=', ownerId)
    .$if(userId !== undefined, (q) => q.where('user_id', '=', userId ?? ''))
    .orderBy('created_at')
    .limit(1)
    .offset(skip)
    .executeTakeFirst()
  return row && row.created_at + HOUR_MS + 1
}
