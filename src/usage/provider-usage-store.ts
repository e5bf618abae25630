import { LEAST_PIXELS } from '../images/sizes.ts'
import { HOUR_MS } from '../lib/durations.ts'
import { sql } from 'kysely'
import type { Db } from '../db/database.ts'
import type { Tables } from '../db/tables.ts'

/** Images that each provider, or the one of that id, ever made, by its id: the totals and what is not in them yet. */
export async function countImagesByProvider(db: Db, providerId?: string): Promise<Map<string, number>> {
  const tail = db
    .selectFrom('usage_images')
    .select((e) => ['provider_id', e.fn.countAll<number>().as('images')])
    .where('rolled_up', '=', 0)
    .$if(providerId !== undefined, (q) => q.where('provider_id', '=', providerId ?? ''))
    .groupBy('provider_id')
  // One statement: an image that moves into the totals meanwhile must be seen in exactly one of the places.
  const rows = await db
    .selectFrom('usage_providers')
    .select(['provider_id', 'images'])
    .$if(providerId !== undefined, (q) => q.where('provider_id', '=', providerId ?? ''))
    .unionAll(tail)
    .execute()
  const counts = new Map<string, number>()
  for (const { provider_id, images } of rows) counts.set(provider_id, (counts.get(provider_id) ?? 0) + Number(images))
  return counts
}

/** What a provider made, all of it read at one moment, so that its sums are those of its hours. */
export interface ProviderWork {
  /** Images it ever made, and since a day ago. */
  images: number
  imagesToday: number
  /** Those of its hours since the one that begins then. */
  pace: HourOfWork[]
}

export const readProviderWork = (
  db: Db,
  { providerId, dayAgo, since }: { providerId: string; dayAgo: number; since: number }
): Promise<ProviderWork> =>
  db.transaction().execute(async (trx) => {
    const today = await trx
      .selectFrom('usage_images')
      .select((e) => e.fn.countAll<number>().as('images'))
      // By its services, whose images are found by their time.
      .where('service_id', 'in', (e) => e.selectFrom('services').select('id').where('provider_id', '=', providerId))
      .where('created_at', '>=', dayAgo)
      .executeTakeFirst()
    return {
      images: (await countImagesByProvider(trx, providerId)).get(providerId) ?? 0,
      imagesToday: Number(today?.images ?? 0),
      pace: await listHoursOfWork(trx, { providerId, since })
    }
  })

export type MeasuredImage = Pick<
  Tables['usage_images'],
  'asset_id' | 'provider_id' | 'service_id' | 'width' | 'height' | 'generating_ms' | 'created_at'
>

/** The next images stored since then, oldest first; the next slice begins after the last of this one. */
export const listImagesSince = (
  db: Db,
  { since, after, limit }: { since: number; after: MeasuredImage | undefined; limit: number }
): Promise<MeasuredImage[]> =>
  db
    .selectFrom('usage_images')
    .select(['asset_id', 'provider_id', 'service_id', 'width', 'height', 'generating_ms', 'created_at'])
    .where('created_at', '>=', since)
    .$if(after !== undefined, (q) =>
      q.where(sql<boolean>`(created_at, asset_id) > (${after?.created_at}, ${after?.asset_id})`)
    )
    .orderBy('created_at')
    .orderBy('asset_id')
    .limit(limit)
    .execute()

/** What a provider made within one hour; images too small for their pixels to count are taken to have `LEAST_PIXELS`. */
export interface HourOfWork {
  /** UTC milliseconds at which it begins. */
  at: number
  images: number
  secondsPerMegapixel: number
}

/** The hours since the one that begins then in which a provider made anything, in their order. */
export async function listHoursOfWork(
  db: Db,
  { providerId, since }: { providerId: string; since: number }
): Promise<HourOfWork[]> {
  const pixels = sql<number>`case
    when width * height < ${sql.lit(LEAST_PIXELS)} then ${sql.lit(LEAST_PIXELS)} else width * height end`
  const totals = db
    .selectFrom('usage_hours')
    .select(['hour as at', 'images', 'generating_ms', sql<number>`images * ${pixels}`.as('pixels')])
    .where('provider_id', '=', providerId)
    .where('hour', '>=', since)
  const tail = db
    .selectFrom('usage_images')
    .select([
      sql<number>`created_at - created_at % ${sql.lit(HOUR_MS)}`.as('at'),
      sql<number>`1`.as('images'),
      'generating_ms',
      pixels.as('pixels')
    ])
    .where('rolled_up', '=', 0)
    .where('provider_id', '=', providerId)
    .where('created_at', '>=', since)
  const rows = await db
    .selectFrom(totals.unionAll(tail).as('work'))
    .select((e) => [
      'at',
      e.fn.sum<number>('images').as('images'),
      e.fn.sum<number>('generating_ms').as('ms'),
      e.fn.sum<number>('pixels').as('pixels')
    ])
    .groupBy('at')
    .orderBy('at')
    .execute()
  return rows.map(({ at, images, ms, pixels: all }) => ({
    at,
    images: Number(images),
    secondsPerMegapixel: Number(ms) / 1000 / (Number(all) / 1e6)
  }))
}

/** Somebody who had images of a provider. */
export interface ProviderUser {
  id: string
  /** Null: the account is no more. */
  name: string | null
  images: number
  lastAt: number
}

/** Who had images of a provider since the day that begins then, most first. */
export async function listUsersOfProvider(
  db: Db,
  { providerId, since }: { providerId: string; since: number }
): Promise<ProviderUser[]> {
  const totals = db
    .selectFrom('usage_days')
    .select(['user_id', 'images', 'last_at'])
    .where('provider_id', '=', providerId)
    .where('day', '>=', since)
  const tail = db
    .selectFrom('usage_images')
    .select(['user_id', sql<number>`1`.as('images'), 'created_at as last_at'])
    .where('rolled_up', '=', 0)
    .where('provider_id', '=', providerId)
    .where('created_at', '>=', since)
  const rows = await db
    .selectFrom(totals.unionAll(tail).as('had'))
    .leftJoin('users', 'users.id', 'had.user_id')
    .select((e) => [
      'had.user_id as id',
      'users.name',
      e.fn.sum<number>('had.images').as('images'),
      e.fn.max('had.last_at').as('lastAt')
    ])
    .groupBy(['had.user_id', 'users.name'])
    .orderBy('images', 'desc')
    .orderBy('had.user_id')
    .execute()
  return rows.map((row) => ({ ...row, images: Number(row.images) }))
}

/** Images that somebody's providers ever made for others, and those since the day (UTC) that begins then. */
export async function countGiven(
  db: Db,
  { ownerId, since }: { ownerId: string; since: number }
): Promise<{ total: number; since: number }> {
  const own = db.selectFrom('providers').select('id').where('owner_id', '=', ownerId)
  const totals = db
    .selectFrom('usage_days')
    .select(['day as at', 'images'])
    .where('provider_id', 'in', own)
    .where('user_id', '!=', ownerId)
  const tail = db
    .selectFrom('usage_images')
    .select(['created_at as at', sql<number>`1`.as('images')])
    .where('rolled_up', '=', 0)
    .where('provider_id', 'in', own)
    .where('user_id', '!=', ownerId)
  const given = await db
    .selectFrom(totals.unionAll(tail).as('given'))
    .select((e) => [
      e.fn.sum<number | null>('images').as('total'),
      e.fn.sum<number | null>('images').filterWhere('at', '>=', since).as('since')
    ])
    .executeTakeFirst()
  return { total: Number(given?.total ?? 0), since: Number(given?.since ?? 0) }
}
