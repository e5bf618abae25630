import { sql } from 'kysely'
import type { Db } from '../db/database.ts'
import { keepQuery } from '../db/keep-query.ts'
import type { TaskRow } from './task-store.ts'

/**
 * A part of the queue of one person: waiting images that may all go to the same places, as far as they have not failed
 * anywhere and nobody holds them ready. Those that have, and those that are held, are lanes of their own, so that none of them
 * hides another.
 */
export interface Lane extends WaitingImage {
  /** 1: no other image waits in it. */
  is_alone: number
}

/** What of the columns of a waiting task says where it may go, and when. A lane is known by its first image. */
export type WaitingImage = Pick<TaskRow, (typeof COLUMNS)[number]>

/**
 * Whether the images of a lane go to different places: then one that cannot begin says nothing about the others.
 */
export const isMixed = (lane: Pick<WaitingImage, 'node_faults' | 'refusals' | 'held'>): boolean =>
  isTried(lane) || lane.held > 0

/**
 * Whether each image of a lane may have failed somewhere else: then one that cannot begin says nothing about the
 * others.
 */
export const isTried = ({ node_faults, refusals }: Pick<WaitingImage, 'node_faults' | 'refusals'>): boolean =>
  node_faults > 0 || refusals > 0

/**
 * What makes a lane, besides its model. The index `tasks_by_lane` is sorted by the model, these, and the order within
 * the lane.
 */
const LANE = ['user_id', 'class', 'needs', 'routing', 'node_faults', 'refusals', 'held'] as const
const COLUMNS = [
  'id',
  'model',
  ...LANE,
  'order_key',
  'queued_at',
  'request_id',
  'position',
  'kind',
  'seed',
  'pixels',
  'steps',
  'losses',
  'not_before',
  'current_attempt_id'
] as const
/** No image is behind this place in its lane. */
const LAST = Number.MAX_SAFE_INTEGER

// Put together once, because every round asks these queries.
const lane = sql.raw(LANE.join(', '))
const inOrder = sql.raw('order_key, queued_at')
const columnsOfHead = sql.raw(COLUMNS.map((name) => `head.${name}`).join(', '))
const inLaneOf = (row: string) => sql.raw(['model', ...LANE].map((name) => `${name} = ${row}.${name}`).join(' and '))
// Values rather than columns, for SQLite finds no place in an index by several columns of another table; and behind the
// last that there can be in a lane, for it would read all that are equal in what it compares.
const behindLane = sql.raw([...LANE.map((name) => `coalesce(lanes.${name}, lanes.${name})`), LAST].join(', '))

/**
 * Models for which anything waits, in their order, so many at most that come after this one. Jumps from one to the next in
 * the index: the cost grows with what it finds, neither with the length of the queues nor with what anybody offers.
 */
export async function listWaitingModels(db: Db, page: { after: string; limit: number }): Promise<string[]> {
  const { rows } = await sql<{ model: string }>`
    with recursive waiting(model) as (
      select min(model) from tasks where state = 'queued' and model > ${page.after}
      union all
      select (select min(model) from tasks where state = 'queued' and model > waiting.model)
      from waiting where waiting.model is not null
    )
    select model from waiting where model is not null limit ${page.limit}`.execute(db)
  return rows.map(({ model }) => model)
}

/**
 * The lanes in which anything waits for these models. Jumps from one to the next as `listWaitingModels` does: of a queue, however
 * long, one image is read.
 */
export async function listLanes(db: Db, models: readonly string[]): Promise<Lane[]> {
  return models.length === 0 ? [] : (await askLanes(db, models)).rows
}

const askLanes = keepQuery(
  (_, models: readonly string[]) => sql<Lane>`
    with recursive asked(model) as (values ${sql.join(models.map((model) => sql`(${model})`))}),
    lanes as (
      select ${columnsOfHead} from asked join tasks as head on head.id = (
        select id from tasks where state = 'queued' and model = asked.model order by ${lane}, ${inOrder} limit 1
      )
      union all
      select ${columnsOfHead} from lanes join tasks as head on head.id = (
        select id from tasks
        where state = 'queued' and model = lanes.model and (${lane}, order_key) > (${behindLane})
        order by ${lane}, ${inOrder} limit 1
      )
    )
    select *, (
      select id from tasks where state = 'queued' and ${inLaneOf('lanes')} order by ${inOrder} limit 1 offset 1
    ) is null as is_alone from lanes`
)

/**
 * The first images of each of these lanes, at most `limit` of each, all at once. With `now` (UTC milliseconds) as many again that
 * are held back from where they failed until later: these would hide what is behind them, and may go elsewhere.
 */
export async function listHeads(
  db: Db,
  { lanes, ...which }: { lanes: readonly Lane[]; limit: number; now?: number }
): Promise<Map<string, WaitingImage[]>> {
  if (lanes.length === 0) return new Map()
  const { rows } = await askHeads(db, { ids: lanes.map(({ id }) => id), ...which })
  return Map.groupBy(rows, ({ lane_id }) => lane_id)
}

type Head = WaitingImage & { lane_id: string }

const askHeads = keepQuery((_, { ids, limit, now }: { ids: readonly string[]; limit: number; now?: number }) => {
  const first = (which = sql``) =>
    sql`select id from tasks where state = 'queued' and ${inLaneOf('lane')} ${which} order by ${inOrder} limit ${limit}`
  const among =
    now === undefined
      ? first()
      : sql`select id from (${first(sql`and not_before <= ${now}`)}) union all select id from (${first(sql`and not_before > ${now}`)})`
  return sql<Head>`
    select lane.id as lane_id, ${columnsOfHead} from tasks as lane join tasks as head on head.id in (${among})
    where lane.id in (${sql.join(ids)})`
})
