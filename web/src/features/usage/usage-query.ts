import type { GroupBy } from '../../lib/usage-search.ts'
import type { UsagePart } from './fold-usage.ts'
import { isHourly, type UsageRange } from './usage-range.ts'

export interface UsageQuery {
  range: UsageRange
  by: GroupBy
  /** Whose; absent: all that the reader may see. */
  userId?: string
}

/** One hour or day as the API tells it, in OpenAI's words; times are Unix seconds. */
export interface UsageBucket {
  start_time: number
  results: UsageResult[]
}

interface UsageResult {
  images: number
  num_model_requests: number
  size: string | null
  source: string | null
  user_id: string | null
  api_key_id: string | null
  model: string | null
  provider_id: string | null
}

/** What the API calls the things that images are counted by. */
const FIELDS = {
  model: 'model',
  key: 'api_key_id',
  provider: 'provider_id',
  person: 'user_id',
  kind: 'source'
} as const satisfies Record<GroupBy, keyof UsageResult>

/** The most that a page may have. */
const BUCKETS_PER_PAGE = { hour: 168, day: 31 }

/** Sizes are asked for as well: they tell the pixels. */
export function usageParameters({ range, by, userId }: UsageQuery, page?: string): URLSearchParams {
  const unit = isHourly(range) ? 'hour' : 'day'
  return new URLSearchParams([
    ['start_time', String(range.start / 1000)],
    ['end_time', String(range.end / 1000)],
    ['bucket_width', unit === 'hour' ? '1h' : '1d'],
    ['limit', String(BUCKETS_PER_PAGE[unit])],
    ['group_by', FIELDS[by]],
    ['group_by', 'size'],
    ...(userId === undefined ? [] : [['user_ids', userId]]),
    ...(page === undefined ? [] : [['page', page]])
  ])
}

export const partsOf = (buckets: readonly UsageBucket[], by: GroupBy): UsagePart[] =>
  buckets.flatMap(({ start_time, results }) =>
    results.map((result) => ({
      at: start_time * 1000,
      key: result[FIELDS[by]] ?? '',
      images: result.images,
      requests: result.num_model_requests,
      pixels: pixelsOf(result.size)
    }))
  )

/** The pixels of a size such as `1024x1024`. */
function pixelsOf(size: string | null): number {
  const [width = 0, height = 0] = (size ?? '').split('x').map(Number)
  return width * height || 0
}
