import { type Kysely, sql } from 'kysely'

/** What an image is taken to cost that was queued before costs were reckoned: ten seconds, in tenths. */
const USUAL_COST = 100
/** Pixels of such an image. */
const USUAL_PIXELS = 1024 ** 2
/** How many order keys are counted together, so that a long queue is summed by few rows. */
const RANGES = [1, 256, 65_536]

/**
 * What the cost of an image in the queue is reckoned from: its pixels and steps, and how long each service takes for images of
 * a model, by the million pixels or by the step of a million pixels. Order keys go by costs, and are further apart than when
 * each image was one; so `queue_lengths` has wider ranges as well.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('service_paces')
    .addColumn('model', 'text', (c) => c.notNull())
    .addColumn('service_id', 'text', (c) => c.notNull().references('services.id'))
    .addColumn('megapixel_ms', 'real')
    .addColumn('step_ms', 'real')
    .addPrimaryKeyConstraint('service_paces_pk', ['model', 'service_id'])
    .execute()
  await sql`insert into service_paces (model, service_id, megapixel_ms)
    select model, service_id, pace_ms from service_models join services on services.id = service_id
    where pace_ms > 0`.execute(db)
  await db.schema.alterTable('services').dropColumn('pace_ms').execute()
  await db.schema
    .alterTable('tasks')
    .addColumn('pixels', 'bigint', (c) => c.notNull().defaultTo(USUAL_PIXELS))
    .execute()
  await db.schema.alterTable('tasks').addColumn('steps', 'integer').execute()
  for (const statement of [
    ...['new', 'deleted', 'changed'].map((name) => `drop trigger tasks_count_${name}`),
    `update tasks set order_key = order_key * ${USUAL_COST} where state = 'queued'`,
    ...TRIGGERS,
    'delete from queue_lengths',
    ...RANGES.map(
      (keys) => `insert into queue_lengths select ${keys}, model, class, ${firstOf(keys, 'order_key')}, count(*)
        from tasks where state = 'queued' group by 2, 3, 4`
    )
  ]) {
    await sql.raw(statement).execute(db)
  }
}

const UNFINISHED = `('queued', 'running')`
/** The key that a range begins with; divided by shifting, which rounds down below zero too. */
function firstOf(keys: number, key: string): string {
  const bits = Math.log2(keys)
  return `((${key} >> ${bits}) << ${bits})`
}

const ENTER = `
  insert into unfinished_images select new.user_id, new.api_key_id, new.state = 'queued', new.state = 'running'
    where new.state in ${UNFINISHED}
    on conflict do update set queued = queued + excluded.queued, running = running + excluded.running;
${RANGES.map(
  (keys) => `
  insert into queue_lengths select ${keys}, new.model, new.class, ${firstOf(keys, 'new.order_key')}, 1
    where new.state = 'queued' on conflict do update set images = images + 1;`
).join('')}`

const ofOld = (keys: number): string =>
  `old.state = 'queued' and keys = ${keys} and model = old.model and class = old.class and first_key = ${firstOf(keys, 'old.order_key')}`
const ofPerson = `old.state in ${UNFINISHED} and user_id = old.user_id and api_key_id = old.api_key_id`

const LEAVE = `
  update unfinished_images
    set queued = queued - (old.state = 'queued'), running = running - (old.state = 'running') where ${ofPerson};
  delete from unfinished_images where ${ofPerson} and queued = 0 and running = 0;
${RANGES.map(
  (keys) => `
  update queue_lengths set images = images - 1 where ${ofOld(keys)};
  delete from queue_lengths where ${ofOld(keys)} and images = 0;`
).join('')}`

const TRIGGERS = [
  `create trigger tasks_count_new after insert on tasks when new.state in ${UNFINISHED} begin ${ENTER} end`,
  `create trigger tasks_count_deleted after delete on tasks when old.state in ${UNFINISHED} begin ${LEAVE} end`,
  `create trigger tasks_count_changed after update of state, user_id, api_key_id, model, class, order_key on tasks
    when old.state in ${UNFINISHED} or new.state in ${UNFINISHED} begin ${ENTER} ${LEAVE} end`
]
