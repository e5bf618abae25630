import { DAY_MS, HOUR_MS } from '../../lib/durations.ts'
import { parseSize } from '../../images/sizes.ts'
import { errors } from '../../lib/errors.ts'
import type { Dimension, UsageFilter } from '../../usage/usage-totals-store.ts'
import { Fields } from './fields.ts'

/** OpenAI's bucket widths, with the default and the largest number of buckets of a page. */
const WIDTHS = {
  '1m': { ms: 60_000, usual: 60, most: 1440 },
  '1h': { ms: HOUR_MS, usual: 24, most: 168 },
  '1d': { ms: DAY_MS, usual: 7, most: 31 }
} as const

/** OpenAI's names of what can be grouped by, and `provider_id`; a project is something this product does not have. */
export const GROUPINGS = {
  project_id: [],
  user_id: ['user_id'],
  api_key_id: ['api_key_id'],
  model: ['model'],
  size: ['width', 'height'],
  source: ['kind'],
  provider_id: ['provider_id']
} as const satisfies Record<string, readonly Dimension[]>
export type Grouping = keyof typeof GROUPINGS

export const SOURCES = {
  'image.generation': 'generation',
  'image.edit': 'edit',
  'image.variation': 'variation'
} as const

export interface UsageQuery {
  filter: UsageFilter
  groupings: readonly Grouping[]
  /** Where the next page begins; absent on the last one. */
  nextStart?: number
}

/**
 * The parameters of OpenAI's usage endpoint; lists come as `name[]=a&name[]=b` or as repeated plain names. Times are
 * Unix seconds. Throws `invalid_request`.
 */
export function parseUsageQuery(query: Record<string, unknown>, now: number): UsageQuery {
  const fields = new Fields(query)
  const width = WIDTHS[fields.choice('bucket_width', Object.keys(WIDTHS) as (keyof typeof WIDTHS)[]) ?? '1d']
  const { start, end } = parseTimeRange(fields, now)
  const limit = fields.integer('limit', { min: 1, max: width.most }) ?? width.usual

  const pageStart = parsePageToken(fields.text('page', 40)) ?? start
  const pageEnd = Math.min(end, Math.floor(pageStart / width.ms) * width.ms + limit * width.ms)
  const groupings = listOf(query, 'group_by').map(asGrouping)
  return {
    groupings,
    ...(pageEnd < end && { nextStart: pageEnd }),
    filter: {
      start: pageStart,
      end: pageEnd,
      bucketMs: width.ms,
      groupBy: [...new Set(groupings.flatMap((grouping) => [...GROUPINGS[grouping]]))],
      ...optional('userIds', listOf(query, 'user_ids')),
      ...optional('apiKeyIds', listOf(query, 'api_key_ids')),
      ...optional('models', listOf(query, 'models')),
      ...optional('providerIds', listOf(query, 'provider_ids')),
      ...optional('kinds', listOf(query, 'sources').map(asKind)),
      ...optional('sizes', listOf(query, 'sizes').map(asSize))
    }
  }
}

/** `start_time` and `end_time` (default: now), in UTC milliseconds. Throws `invalid_request`. */
export function parseTimeRange(fields: Fields, now: number): { start: number; end: number } {
  const start = fields.integer('start_time', { min: 0, max: 1e11 })
  if (start === undefined) throw errors.invalidRequest("'start_time' is required, in Unix seconds.", 'start_time')
  const end = fields.integer('end_time', { min: 0, max: 1e11 }) ?? Math.floor(now / 1000) + 1
  if (end <= start) throw errors.invalidRequest("'end_time' must be after 'start_time'.", 'end_time')
  return { start: start * 1000, end: end * 1000 }
}

/** Bounds of a list in a query: how many texts it has, and how long each is. */
const MOST_LISTED = 100
const MOST_CHARACTERS = 200

const PAGE_PREFIX = 'page_'

export const presentPageToken = (start: number): string => `${PAGE_PREFIX}${start.toString(36)}`

function parsePageToken(token: string | undefined): number | undefined {
  if (token === undefined) return undefined
  const start = token.startsWith(PAGE_PREFIX) ? parseInt(token.slice(PAGE_PREFIX.length), 36) : NaN
  if (!Number.isSafeInteger(start))
    throw errors.invalidRequest("'page' must be the next_page of an earlier answer.", 'page')
  return start
}

function listOf(query: Record<string, unknown>, name: string): string[] {
  const values = [query[name], query[`${name}[]`]].flat().filter((value) => value !== undefined && value !== '')
  if (values.length > MOST_LISTED) {
    throw errors.invalidRequest(`'${name}' may have at most ${MOST_LISTED} values.`, name)
  }
  return values.map((value) => {
    const text = String(value)
    if (text.length <= MOST_CHARACTERS) return text
    throw errors.invalidRequest(`'${name}' must hold texts of at most ${MOST_CHARACTERS} characters.`, name)
  })
}

const optional = <K extends string, T>(name: K, values: T[]) =>
  (values.length === 0 ? {} : { [name]: values }) as { [P in K]?: T[] }

function asGrouping(name: string): Grouping {
  if (Object.hasOwn(GROUPINGS, name)) return name as Grouping
  throw errors.invalidRequest(`'group_by' must be of ${Object.keys(GROUPINGS).join(', ')}, not '${name}'.`, 'group_by')
}

function asKind(name: string): string {
  if (Object.hasOwn(SOURCES, name)) return SOURCES[name as keyof typeof SOURCES]
  throw errors.invalidRequest(`'sources' must be of ${Object.keys(SOURCES).join(', ')}, not '${name}'.`, 'sources')
}

function asSize(text: string): { width: number; height: number } {
  const size = parseSize(text, 'sizes')
  if (size === 'auto') throw errors.invalidRequest("'sizes' must be WIDTHxHEIGHT.", 'sizes')
  return size
}
