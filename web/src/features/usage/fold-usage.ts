import { bucketsOf, type UsageRange } from './usage-range.ts'

/** Images of one hour or day that have the same key and size. */
export interface UsagePart {
  /** UTC milliseconds. */
  at: number
  key: string
  images: number
  requests: number
  /** Of one image. */
  pixels: number
}

export interface UsageSums {
  images: number
  requests: number
  megapixels: number
}

export interface UsageGroup extends UsageSums {
  key: string
  /** Of all images, 0–1. */
  share: number
  /** Place of its series in the chart. */
  series: number
}

export interface UsagePoint {
  /** UTC milliseconds. */
  start: number
  total: number
  /** Images by series. */
  values: number[]
}

export interface FoldedUsage {
  total: UsageSums
  /** Most images first. */
  groups: UsageGroup[]
  /** Keys in the order of the chart, most first; null is all the rest together. */
  series: (string | null)[]
  /** One for each hour or day of the range, empty ones too. */
  points: UsagePoint[]
}

/** More could not be told apart by their colours. */
export const MOST_SERIES = 8

/** What the chart and the table show. Without a rest of at least two, each key has a series of its own. */
export function foldUsage(parts: readonly UsagePart[], range: UsageRange): FoldedUsage {
  const total = sumOf(parts)
  const sorted = [...Map.groupBy(parts, ({ key }) => key)]
    .map(([key, own]) => ({ key, ...sumOf(own) }))
    .sort((a, b) => b.images - a.images || (a.key < b.key ? -1 : 1))
  const shown = sorted.length <= MOST_SERIES ? sorted.length : MOST_SERIES - 1
  const groups = sorted.map((group, index) => ({
    ...group,
    share: total.images === 0 ? 0 : group.images / total.images,
    series: Math.min(index, shown)
  }))
  const series = [...groups.slice(0, shown).map(({ key }) => key), ...(groups.length > shown ? [null] : [])]
  const place = new Map(groups.map((group) => [group.key, group.series]))
  return { total, groups, series, points: pointsOf(parts, { range, place, count: series.length }) }
}

/** The first of those with the most images. */
export const busiest = (points: readonly UsagePoint[]): UsagePoint | undefined =>
  points.reduce<UsagePoint | undefined>((best, point) => (best && best.total >= point.total ? best : point), undefined)

function pointsOf(
  parts: readonly UsagePart[],
  { range, place, count }: { range: UsageRange; place: ReadonlyMap<string, number>; count: number }
): UsagePoint[] {
  const points = bucketsOf(range).map((start) => ({ start, total: 0, values: Array.from({ length: count }, () => 0) }))
  for (const { at, key, images } of parts) {
    const point = points[Math.floor((at - range.start) / range.bucketMs)]
    const index = place.get(key)
    if (!point || index === undefined) continue
    point.values[index] = (point.values[index] ?? 0) + images
    point.total += images
  }
  return points
}

const sumOf = (parts: readonly UsagePart[]): UsageSums =>
  parts.reduce(
    (sum, { images, requests, pixels }) => ({
      images: sum.images + images,
      requests: sum.requests + requests,
      megapixels: sum.megapixels + (images * pixels) / 1e6
    }),
    { images: 0, requests: 0, megapixels: 0 }
  )
