import { sql } from 'kysely'
import type { Db } from '../db/database.ts'
import { TOOK_MS } from '../providers/image-cost.ts'
import type { ImageParameters } from '../images/image-request.ts'

/** An image that was made, as far as others are likely to take as long. */
export interface MadeImage {
  requestId: string
  serviceId: string
  kind: string
  pixels: number
  /** Sampling steps that were named; null: none. */
  steps: number | null
  /** Its size was left to the engine, within a limit perhaps. */
  isUnasked: boolean
  /** From its beginning to its delivery, as measured here. */
  seconds: number
}

/** What is asked of an image, as far as it decides how long it takes. */
export interface AskedImage {
  requestId: string
  kind: string
  parameters: Pick<ImageParameters, 'size' | 'size_unasked' | 'steps'>
}

/** As far as is looked back: a model is seldom asked for at more sizes than these tell of. */
const IMAGES_READ = 60
/** Images of which a service's time is the median. */
const IMAGES_COUNTED = 15
/** From a size, or number of steps, so many times as large or small nothing is inferred: an image has costs that go by neither. */
const MOST_APART = 2

/** The latest images of a model whose requests are still known, newest first. */
export async function listMadeImages(db: Db, model: string): Promise<MadeImage[]> {
  const rows = await db
    .selectFrom('usage_images')
    .innerJoin('requests', 'requests.id', 'usage_images.request_id')
    .innerJoin('tasks', (join) =>
      join.onRef('tasks.request_id', '=', 'requests.id').onRef('tasks.asset_id', '=', 'usage_images.asset_id')
    )
    .innerJoin('attempts', 'attempts.id', 'tasks.current_attempt_id')
    .select(['requests.id', 'usage_images.service_id', 'usage_images.kind', 'width', 'height', 'tasks.steps'])
    .select([
      sql<number>`attempts.finished_at - attempts.assigned_at`.as('took_ms'),
      sql<number>`parameters ->> '$.size' is null or coalesce(parameters ->> '$.size_unasked', 0)`.as('unasked')
    ])
    .where('usage_images.model', '=', model)
    .orderBy('usage_images.created_at', 'desc')
    .limit(IMAGES_READ)
    .execute()
  return rows.map((row) => ({
    requestId: row.id,
    serviceId: row.service_id,
    kind: row.kind,
    pixels: row.width * row.height,
    steps: row.steps,
    isUnasked: row.unasked !== 0,
    seconds: Math.min(TOOK_MS.max, Math.max(TOOK_MS.min, row.took_ms)) / 1000
  }))
}

/**
 * Seconds that each service is likely to take for an image, by what like ones took: those of the same request where it has made some
 * of it, else those that were asked for likewise. A service that made none is left out.
 */
export function likelySeconds(made: readonly MadeImage[], asked: AskedImage): Map<string, number> {
  const likely = new Map<string, number>()
  for (const [serviceId, its] of Map.groupBy(made, (image) => image.serviceId)) {
    const own = its.filter(({ requestId }) => requestId === asked.requestId).map(({ seconds }) => seconds)
    const like = own.length > 0 ? own : its.flatMap((image) => secondsFrom(image, asked) ?? [])
    const seconds = medianOf(like.slice(0, IMAGES_COUNTED))
    if (seconds !== undefined) likely.set(serviceId, seconds)
  }
  return likely
}

/** What one image tells of another; undefined when they are too different. */
function secondsFrom(made: MadeImage, { kind, parameters }: AskedImage): number | undefined {
  const { size, size_unasked, steps = null } = parameters
  const isUnasked = size === undefined || size_unasked === true
  if (made.kind !== kind || made.isUnasked !== isUnasked || (made.steps === null) !== (steps === null)) return undefined
  // The engine that chooses a size chooses the same again.
  const larger = size === undefined || isUnasked ? 1 : (size.width * size.height) / made.pixels
  const longer = steps === null || made.steps === null ? 1 : steps / made.steps
  return isNear(larger) && isNear(longer) ? made.seconds * larger * longer : undefined
}

const isNear = (ratio: number): boolean => ratio <= MOST_APART && ratio >= 1 / MOST_APART

function medianOf(numbers: readonly number[]): number | undefined {
  const sorted = numbers.toSorted((a, b) => a - b)
  return sorted[Math.floor((sorted.length - 1) / 2)]
}
