import type { Db } from '../db/database.ts'
import type { ImageParameters } from '../images/image-request.ts'
import { secondsOf, workOfTask } from '../providers/image-cost.ts'

/** When an image was begun, UTC milliseconds, and how long it is likely to take from then to its delivery. */
export interface ExpectedTime {
  beganAt: number
  /** Null when too little is known for an estimate. */
  expectedMs: number | null
}

/** Images in a row that told no steps, by which the next is expected to tell none, and to take as long. */
const ENOUGH_IMAGES = 3

/**
 * What is expected of attempts that run, by id. An estimate is made only of images whose size is known before, on a service that
 * has made enough of its model whose steps were named, or not named, as those of this one are.
 */
export async function listExpectedTimes(db: Db, attemptIds: readonly string[]): Promise<Map<string, ExpectedTime>> {
  if (attemptIds.length === 0) return new Map()
  const rows = await db
    .selectFrom('attempts')
    .innerJoin('tasks', 'tasks.id', 'attempts.task_id')
    .innerJoin('requests', 'requests.id', 'attempts.request_id')
    .leftJoin('service_paces', (join) =>
      join
        .onRef('service_paces.service_id', '=', 'attempts.service_id')
        .onRef('service_paces.model', '=', 'tasks.model')
    )
    .select([
      'attempts.id',
      'attempts.assigned_at',
      'attempts.progressed_at',
      'tasks.kind',
      'tasks.pixels',
      'tasks.steps'
    ])
    .select(['requests.parameters', 'megapixel_ms', 'step_ms', 'megapixel_silent', 'step_silent'])
    .where('attempts.id', 'in', attemptIds)
    .where('attempts.state', '=', 'running')
    .execute()
  return new Map(
    rows.map((row) => {
      const { size, size_unasked: isUnasked } = JSON.parse(row.parameters) as ImageParameters
      const isSizeKnown = row.kind !== 'generation' || (size !== undefined && isUnasked !== true)
      const measured =
        row.steps === null
          ? { images: row.megapixel_silent, pace: { megapixelMs: row.megapixel_ms, stepMs: null } }
          : { images: row.step_silent, pace: { megapixelMs: null, stepMs: row.step_ms } }
      const isKnown = isSizeKnown && row.progressed_at === null && (measured.images ?? 0) >= ENOUGH_IMAGES
      const seconds = isKnown ? secondsOf(measured.pace, workOfTask(row)) : undefined
      return [row.id, { beganAt: row.assigned_at, expectedMs: seconds === undefined ? null : seconds * 1000 }]
    })
  )
}
