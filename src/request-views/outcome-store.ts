import type { Db } from '../db/database.ts'
import { keepQuery } from '../db/keep-query.ts'
import type { AssetRow } from '../requests/request-store.ts'
import { type RequestView, reportsOf, warningsOf } from './view-request.ts'

/** What became of a request, as far as its answer tells. */
export type Outcome = Pick<RequestView, 'request' | 'outputs' | 'reports' | 'warnings'>

const IMAGE_COLUMNS = [
  'id',
  'owner_id',
  'request_id',
  'kind',
  'position',
  'storage_key',
  'media_type',
  'bytes',
  'sha256',
  'width',
  'height',
  'seed',
  'created_at',
  'has_alpha',
  'delivered_at'
] as const satisfies (keyof AssetRow)[]

/** All of it in one look: every caller who waits asks it at least once. Undefined when there is no such request. */
export async function findOutcome(db: Db, id: string): Promise<Outcome | undefined> {
  const { rows } = await listRows(db, { id })
  const [request] = rows
  if (!request) return undefined
  const tasks = rows.map((row) => ({
    position: row.task_position,
    state: row.task_state,
    warnings: row.task_warnings,
    error_message: row.task_error
  }))
  const outputs = rows
    .filter((row) => row.image_id !== null)
    .map((row) => Object.fromEntries(IMAGE_COLUMNS.map((name) => [name, row[`image_${name}`]])) as AssetRow)
  return { request, outputs, reports: reportsOf(rows), warnings: warningsOf(request, tasks) }
}

const listRows = keepQuery((db, { id }: { id: string }) =>
  db
    .selectFrom('requests')
    .innerJoin('tasks', 'tasks.request_id', 'requests.id')
    .leftJoin('assets', 'assets.id', 'tasks.asset_id')
    .selectAll('requests')
    .select([
      'tasks.position as task_position',
      'tasks.state as task_state',
      'tasks.warnings as task_warnings',
      'tasks.error_message as task_error',
      'tasks.asset_id',
      'tasks.report'
    ])
    .select(IMAGE_COLUMNS.map((name) => `assets.${name} as image_${name}` as const))
    .where('requests.id', '=', id)
    .orderBy('tasks.position')
)
