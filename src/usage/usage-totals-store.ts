import { type Insertable, type RawBuilder, sql, type SqlBool } from 'kysely'
import type { Db, Trx } from '../db/database.ts'
import type { Tables } from '../db/tables.ts'
import { HOUR_MS } from './usage-store.ts'

const DIMENSIONS = ['user_id', 'api_key_id', 'provider_id', 'model', 'kind', 'width', 'height'] as const
export type Dimension = (typeof DIMENSIONS)[number]

/**
 * Moves up to `limit` images into the totals of their hours. An image is in the totals or in the tail, never in both:
 * one transaction marks and adds. There is no watermark, so a clock that jumps loses nothing. Returns how many.
 */
export async function rollUp(db: Db, limit: number): Promise<number> {
  return db.transaction().execute(async (trx) => {
    const rows = await trx
      .updateTable('usage_images')
      .set({ rolled_up: 1 })
      .where('asset_id', 'in', (e) =>
        e.selectFrom('usage_images').select('asset_id').where('rolled_up', '=', 0).limit(limit)
      )
      .returning([...DIMENSIONS, 'created_at', 'generating_ms', 'first_of_request'])
      .execute()
    if (rows.length > 0) await addToHours(trx, totalsOf(rows))
    return rows.length
  })
}

type HourTotal = Insertable<Tables['usage_hours']>
type Counted = Omit<HourTotal, 'hour' | 'images' | 'requests'> & { created_at: number; first_of_request: number }

function totalsOf(rows: readonly Counted[]): HourTotal[] {
  const totals = new Map<string, HourTotal>()
  for (const { created_at, first_of_request, generating_ms, ...dimensions } of rows) {
    const hour = Math.floor(created_at / HOUR_MS) * HOUR_MS
    const key = JSON.stringify([hour, ...DIMENSIONS.map((name) => dimensions[name])])
    const total = totals.get(key) ?? { hour, ...dimensions, images: 0, requests: 0, generating_ms: 0 }
    total.images += 1
    total.requests += first_of_request
    total.generating_ms += generating_ms
    totals.set(key, total)
  }
  return [...totals.values()]
}

async function addToHours(trx: Trx, totals: readonly HourTotal[]): Promise<void> {
  await trx
    .insertInto('usage_hours')
    .values(totals)
    .onConflict((c) =>
      c.columns(['hour', ...DIMENSIONS]).doUpdateSet((e) => ({
        images: e('usage_hours.images', '+', e.ref('excluded.images')),
        requests: e('usage_hours.requests', '+', e.ref('excluded.requests')),
        generating_ms: e('usage_hours.generating_ms', '+', e.ref('excluded.generating_ms'))
      }))
    )
    .execute()
}

export interface UsageFilter {
  /** UTC milliseconds, the end excluded. */
  start: number
  end: number
  bucketMs: number
  groupBy: readonly Dimension[]
  userIds?: readonly string[]
  apiKeyIds?: readonly string[]
  models?: readonly string[]
  kinds?: readonly string[]
  sizes?: readonly { width: number; height: number }[]
  providerIds?: readonly string[]
}

export type UsageSum = { bucket: number; images: number; requests: number } & Partial<
  Record<Dimension, string | number>
>

/**
 * Sums per bucket and group, exact at the moment of asking: whole hours from the totals, their images that are not in
 * the totals yet from the tail, and the broken hours at both ends image by image.
 */
export const sumUsage = (db: Db, filter: UsageFilter): Promise<UsageSum[]> =>
  // One snapshot: an image that moves into the totals meanwhile must be seen in exactly one of the places.
  db
    .transaction()
    .setIsolationLevel('repeatable read')
    .execute((trx) => sumIn(trx, filter))

async function sumIn(db: Trx, filter: UsageFilter): Promise<UsageSum[]> {
  const firstHour = Math.ceil(filter.start / HOUR_MS) * HOUR_MS
  const lastHour = Math.floor(filter.end / HOUR_MS) * HOUR_MS
  if (filter.bucketMs % HOUR_MS !== 0 || firstHour >= lastHour) {
    return merge(await sumImages(db, filter, { from: filter.start, to: filter.end }))
  }
  return merge([
    ...(await sumHours(db, filter, { from: firstHour, to: lastHour })),
    ...(await sumImages(db, filter, { from: firstHour, to: lastHour, tailOnly: true })),
    ...(await sumImages(db, filter, { from: filter.start, to: firstHour })),
    ...(await sumImages(db, filter, { from: lastHour, to: filter.end }))
  ])
}

async function sumHours(db: Db, filter: UsageFilter, range: { from: number; to: number }): Promise<UsageSum[]> {
  const bucket = sql<number>`hour - hour % ${sql.lit(filter.bucketMs)}`
  const rows = await db
    .selectFrom('usage_hours')
    .select([bucket.as('bucket'), ...filter.groupBy])
    .select((e) => [e.fn.sum<number>('images').as('images'), e.fn.sum<number>('requests').as('requests')])
    .where('hour', '>=', range.from)
    .where('hour', '<', range.to)
    .where(matches(filter))
    .groupBy([bucket, ...filter.groupBy])
    .execute()
  return rows as UsageSum[]
}

async function sumImages(
  db: Db,
  filter: UsageFilter,
  range: { from: number; to: number; tailOnly?: boolean }
): Promise<UsageSum[]> {
  if (range.from >= range.to) return []
  const bucket = sql<number>`created_at - created_at % ${sql.lit(filter.bucketMs)}`
  const rows = await db
    .selectFrom('usage_images')
    .select([bucket.as('bucket'), ...filter.groupBy])
    .select((e) => [e.fn.countAll<number>().as('images'), e.fn.sum<number>('first_of_request').as('requests')])
    .where('created_at', '>=', range.from)
    .where('created_at', '<', range.to)
    .$if(range.tailOnly === true, (q) => q.where('rolled_up', '=', 0))
    .where(matches(filter))
    .groupBy([bucket, ...filter.groupBy])
    .execute()
  return rows as UsageSum[]
}

/** The filter as a condition on columns that the images and the hours have in common. */
function matches(filter: UsageFilter): RawBuilder<SqlBool> {
  const lists: [string, readonly string[] | undefined][] = [
    ['user_id', filter.userIds],
    ['api_key_id', filter.apiKeyIds],
    ['model', filter.models],
    ['kind', filter.kinds],
    ['provider_id', filter.providerIds]
  ]
  const conditions = lists.flatMap(([column, values]) =>
    values === undefined ? [] : [values.length === 0 ? sql`1 = 0` : sql`${sql.ref(column)} in (${sql.join(values)})`]
  )
  const sizes = filter.sizes?.map(({ width, height }) => sql`(width = ${width} and height = ${height})`)
  if (sizes) conditions.push(sizes.length === 0 ? sql`1 = 0` : sql`(${sql.join(sizes, sql` or `)})`)
  return conditions.length === 0 ? sql<SqlBool>`1 = 1` : sql<SqlBool>`${sql.join(conditions, sql` and `)}`
}

/** Adds up the sums of the same bucket and group. */
function merge(sums: readonly UsageSum[]): UsageSum[] {
  const merged = new Map<string, UsageSum>()
  for (const { images, requests, ...group } of sums) {
    const key = JSON.stringify(Object.entries(group).sort(([a], [b]) => (a < b ? -1 : 1)))
    const sum = merged.get(key)
    if (sum) {
      sum.images += Number(images)
      sum.requests += Number(requests)
    } else {
      merged.set(key, { ...group, images: Number(images), requests: Number(requests) })
    }
  }
  return [...merged.values()]
}
