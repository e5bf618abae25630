import { formatSize } from '../../images/sizes.ts'
import type { UsageSum } from '../../usage/usage-totals-store.ts'
import { type Grouping, presentPageToken, SOURCES, type UsageQuery } from './parse-usage-query.ts'

export function presentUsage(query: UsageQuery, sums: readonly UsageSum[]) {
  return {
    object: 'page',
    data: presentBuckets(query, sums),
    has_more: query.nextStart !== undefined,
    next_page: query.nextStart === undefined ? null : presentPageToken(query.nextStart)
  }
}

/** Every bucket of the page, empty ones too; the first and the last end where the time asked for does. */
function presentBuckets({ filter, groupings }: UsageQuery, sums: readonly UsageSum[]) {
  const byBucket = Map.groupBy(sums, (sum) => sum.bucket)
  const { start, end, bucketMs } = filter
  const buckets = []
  for (let at = Math.floor(start / bucketMs) * bucketMs; at < end; at += bucketMs) {
    buckets.push({
      object: 'bucket',
      start_time: Math.max(at, start) / 1000,
      end_time: Math.min(at + bucketMs, end) / 1000,
      results: (byBucket.get(at) ?? []).map((sum) => presentSum(sum, groupings)).sort(mostFirst)
    })
  }
  return buckets
}

/** Orders groups by their images, most first, and equal ones in a way that stays the same from call to call. */
const mostFirst = (a: PresentedSum, b: PresentedSum): number =>
  b.images - a.images || (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)

type PresentedSum = ReturnType<typeof presentSum>

/** One group of one bucket, in OpenAI's shape; a dimension is null unless it was grouped by. */
function presentSum(sum: UsageSum, groupings: readonly Grouping[]) {
  const when = (grouping: Grouping, value: unknown) => (groupings.includes(grouping) ? String(value) : null)
  const source = Object.entries(SOURCES).find(([, kind]) => kind === sum.kind)?.[0]
  return {
    object: 'organization.usage.images.result',
    images: sum.images,
    num_model_requests: sum.requests,
    source: when('source', source),
    size: when('size', formatSize({ width: Number(sum.width), height: Number(sum.height) })),
    project_id: null,
    user_id: when('user_id', sum.user_id),
    api_key_id: when('api_key_id', sum.api_key_id),
    model: when('model', sum.model),
    provider_id: when('provider_id', sum.provider_id)
  }
}

const CSV_COLUMNS = ['source', 'size', 'user_id', 'api_key_id', 'model', 'provider_id'] as const

/** One line per group and bucket, with a heading (RFC 4180). */
export function presentUsageCsv(query: UsageQuery, sums: readonly UsageSum[]): string {
  const lines = presentBuckets(query, sums).flatMap(({ start_time, end_time, results }) =>
    results.map((result) => [
      start_time,
      end_time,
      ...CSV_COLUMNS.map((column) => result[column] ?? ''),
      result.images,
      result.num_model_requests
    ])
  )
  const heading = ['start_time', 'end_time', ...CSV_COLUMNS, 'images', 'num_model_requests']
  return [heading, ...lines].map((line) => `${line.map(csvCell).join(',')}\r\n`).join('')
}

/** Quoted where needed; what a spreadsheet would take for a formula is made text. */
function csvCell(value: string | number): string {
  const text = String(value)
  const safe = typeof value === 'string' && /^[=+\-@\t]/.test(text) ? `'${text}` : text
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}
