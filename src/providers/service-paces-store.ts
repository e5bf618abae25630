import { sql } from 'kysely'
import type { Db, Trx } from '../db/database.ts'
import { keepQuery } from '../db/keep-query.ts'
import { type MeasuredService, type Pace, TOOK_MS, type Work } from './image-cost.ts'

/** An image as it was measured: `tookMs` from its beginning to its delivery. */
export interface MeasuredImage {
  serviceId: string
  model: string
  tookMs: number
  work: Work
  /** Its engine told how far it was: how long it takes need not be estimated. */
  toldSteps: boolean
}

/** Services of a model that costs go by; a club has fewer. */
const SERVICES_READ = 200

interface PaceRow {
  megapixel_ms: number | null
  step_ms: number | null
}

/** The pace in a row that may have been joined to one without. */
export const paceOfRow = ({ megapixel_ms, step_ms }: PaceRow): Pace => ({ megapixelMs: megapixel_ms, stepMs: step_ms })

/** Share of the latest image in a pace, from 0 to 1; all images before it have the rest. */
const WEIGHT = 0.2
/** How many times as long or as short as usual the latest image counts at most. */
const MOST_OUT = 4

/**
 * Learns from an image, in the transaction that ends its attempt. However long it took, it moves what is known by little: a
 * clock was set, the machine slept, or its owner played with it.
 */
export async function notePace(trx: Trx, { serviceId, model, tookMs, work, toldSteps }: MeasuredImage): Promise<void> {
  const took = Math.min(TOOK_MS.max, Math.max(TOOK_MS.min, tookMs)) / work.megapixels
  const [column, latest] =
    work.steps === undefined ? (['megapixel_ms', took] as const) : (['step_ms', took / work.steps] as const)
  const silent = column === 'step_ms' ? 'step_silent' : 'megapixel_silent'
  const known = sql.ref<number>(`service_paces.${column}`)
  const counts = sql<number>`case
    when ${latest} > ${known} * ${MOST_OUT} then ${known} * ${MOST_OUT}
    when ${latest} < ${known} / ${MOST_OUT} then ${known} / ${MOST_OUT}
    else ${latest} end`
  await trx
    .insertInto('service_paces')
    .values({
      model,
      service_id: serviceId,
      megapixel_ms: null,
      step_ms: null,
      [column]: latest,
      [silent]: toldSteps ? 0 : 1
    })
    .onConflict((c) =>
      c.columns(['model', 'service_id']).doUpdateSet({
        [column]: sql`coalesce(${known} + (${counts} - ${known}) * ${WEIGHT}, ${latest})`,
        [silent]: toldSteps ? 0 : sql`${sql.ref(`service_paces.${silent}`)} + 1`
      })
    )
    .execute()
}

/** What was measured of each service that makes images of a model. */
export async function listMeasured(db: Db, model: string): Promise<MeasuredService[]> {
  const { rows } = await listRows(db, { model })
  return rows.map((row) => ({
    pace: paceOfRow(row),
    places: row.proven_places,
    isTrusted: row.trust === 'trusted' || (row.role === 'admin' && row.trust !== 'blocked')
  }))
}

const listRows = keepQuery((db, { model }: { model: string }) =>
  db
    .selectFrom('service_paces')
    .innerJoin('services', 'services.id', 'service_paces.service_id')
    .innerJoin('providers', 'providers.id', 'services.provider_id')
    .innerJoin('users', 'users.id', 'providers.owner_id')
    .select(['service_id', 'megapixel_ms', 'step_ms', 'proven_places', 'trust', 'role'])
    .where('model', '=', model)
    .where('declared', '=', 1)
    .limit(SERVICES_READ)
)
