import { sql } from 'kysely'
import type { Db } from '../db/database.ts'
import type { AskedImage } from './like-images-store.ts'

/** An image that is being made, as far as those that wait behind it go by it. */
export interface ImageUnderWay extends AskedImage {
  model: string
  /** Percent, as its engine told; 0 of one that tells nothing. */
  progress: number
  /** When it was begun, UTC milliseconds. */
  since: number
  /** When its engine told a step first, UTC milliseconds. */
  firstStepAt: number | null
}

/** All images that are being made, by the service that makes them. */
export async function listUnderWay(db: Db): Promise<Map<string, ImageUnderWay[]>> {
  const rows = await db
    .selectFrom('attempts')
    .innerJoin('requests', 'requests.id', 'attempts.request_id')
    .select([
      'attempts.service_id',
      'progress',
      'assigned_at',
      'progressed_at',
      'requests.id',
      'requests.kind',
      'requests.model'
    ])
    // Without the prompt, which may be long.
    .select(
      sql<string>`json_object('size', parameters -> '$.size', 'size_unasked', parameters -> '$.size_unasked', 'steps', parameters -> '$.steps')`.as(
        'asked'
      )
    )
    .where('attempts.state', '=', 'running')
    .execute()
  const images = rows.map((row) => ({
    serviceId: row.service_id,
    requestId: row.id,
    kind: row.kind,
    model: row.model,
    parameters: withoutNulls(row.asked),
    progress: row.progress,
    since: row.assigned_at,
    firstStepAt: row.progressed_at
  }))
  return Map.groupBy(images, ({ serviceId }) => serviceId)
}

const withoutNulls = (json: string): AskedImage['parameters'] =>
  JSON.parse(json, (_, value: unknown) => value ?? undefined) as AskedImage['parameters']
