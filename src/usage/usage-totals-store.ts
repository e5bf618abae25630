import { DAY_MS, HOUR_MS } from '../lib/durations.ts'
import { type RawBuilder, sql, type SqlBool } from 'kysely'
import type { Db, Trx } from '../db/database.ts'
import type { Tables } from '../db/tables.ts'

/** What images can be counted by; the totals have a row for each combination that there was. */
export const DIMENSIONS = ['user_id', 'api_key_id', 'provider_id', 'model', 'kind', 'width', 'height'] as const
export type Dimension = (typeof DIMENSIONS)[number]

/** What the totals add up of the images of a row. */
export const MEASURES = ['images', 'requests', 'generating_ms'] as const
export type Measure = (typeof MEASURES)[number]

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

interface Range {
  from: number
  to: number
}

/** Totals of one span of time each; `start` is the column that says when it begins. */
interface Span {
  table: 'usage_days' | 'usage_hours'
  start: 'day' | 'hour'
  ms: number
}

const SPANS: readonly Span[] = [
  { table: 'usage_days', start: 'day', ms: DAY_MS },
  { table: 'usage_hours', start: 'hour', ms: HOUR_MS }
]

/**
 * Sums per bucket and group, exact at the moment of asking: whole days and hours from their totals, their images that
 * are not in the totals yet from the tail, and the broken hours at both ends image by image.
 */
export const sumUsage = (db: Db, filter: UsageFilter): Promise<UsageSum[]> =>
  // One snapshot: an image that moves into the totals meanwhile must be seen in exactly one of the places.
  db
    .transaction()
    .setIsolationLevel('repeatable read')
    .execute(async (trx) => merge(await sumRange(trx, filter, { from: filter.start, to: filter.end }, SPANS)))

/** The range in whole spans, as long as they fit into a bucket, and what is left at its ends in the finer ones. */
async function sumRange(db: Trx, filter: UsageFilter, range: Range, spans: readonly Span[]): Promise<UsageSum[]> {
  if (range.from >= range.to) return []
  const [span, ...finer] = spans
  if (!span) return sumImages(db, filter, range)
  const from = Math.ceil(range.from / span.ms) * span.ms
  const to = Math.floor(range.to / span.ms) * span.ms
  if (filter.bucketMs % span.ms !== 0 || from >= to) return sumRange(db, filter, range, finer)
  return [
    ...(await sumTotals(db, filter, { span, from, to })),
    ...(await sumImages(db, filter, { from, to, tailOnly: true })),
    ...(await sumRange(db, filter, { from: range.from, to: from }, finer)),
    ...(await sumRange(db, filter, { from: to, to: range.to }, finer))
  ]
}

type Totals = Pick<Tables['usage_hours'], Dimension | Measure>

async function sumTotals(db: Trx, filter: UsageFilter, range: Range & { span: Span }): Promise<UsageSum[]> {
  const { span, from, to } = range
  const start = sql<number>`${sql.ref(span.start)}`
  const bucket = sql<number>`${start} - ${start} % ${sql.lit(filter.bucketMs)}`
  const rows = await db
    .selectFrom(sql<Totals>`${sql.table(span.table)}`.as('totals'))
    .select([bucket.as('bucket'), ...filter.groupBy])
    .select((e) => [e.fn.sum<number>('images').as('images'), e.fn.sum<number>('requests').as('requests')])
    .where(start, '>=', from)
    .where(start, '<', to)
    .where(matches(filter))
    .groupBy([bucket, ...filter.groupBy])
    .execute()
  return rows as UsageSum[]
}

async function sumImages(db: Trx, filter: UsageFilter, range: Range & { tailOnly?: boolean }): Promise<UsageSum[]> {
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
