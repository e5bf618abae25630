import { type Kysely, sql } from 'kysely'

/** How many order keys are counted together, so that a long queue is summed by few rows. */
const MANY_KEYS = 256

/**
 * How much waits and runs, so that nobody has to count it: `unfinished_images` by person and key, `queue_lengths` by model,
 * class and place (`images` wait with one of the `keys` order keys from `first_key` on). Triggers keep them in the statement that
 * changes a task: whoever writes tasks, and whatever ends in between, they are as true as the tasks.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of [...TABLES, ...TRIGGERS, ...FILL]) await sql.raw(statement).execute(db)
}

const TABLES = [
  `create table unfinished_images (
    user_id text not null,
    api_key_id text not null,
    queued integer not null,
    running integer not null,
    primary key (user_id, api_key_id)
  ) without rowid`,
  `create table queue_lengths (
    keys integer not null,
    model text not null,
    class integer not null,
    first_key bigint not null,
    images integer not null,
    primary key (keys, model, class, first_key)
  ) without rowid`
]

const UNFINISHED = `('queued', 'running')`
/** The key that a range begins with; divided by shifting, which rounds down below zero too. */
const firstOfMany = (key: string): string => `((${key} >> 8) * ${MANY_KEYS})`

const ENTER = `
  insert into unfinished_images select new.user_id, new.api_key_id, new.state = 'queued', new.state = 'running'
    where new.state in ${UNFINISHED}
    on conflict do update set queued = queued + excluded.queued, running = running + excluded.running;
  insert into queue_lengths select 1, new.model, new.class, new.order_key, 1
    where new.state = 'queued' on conflict do update set images = images + 1;
  insert into queue_lengths select ${MANY_KEYS}, new.model, new.class, ${firstOfMany('new.order_key')}, 1
    where new.state = 'queued' on conflict do update set images = images + 1;`

const ofOld = (keys: number, first: string): string =>
  `old.state = 'queued' and keys = ${keys} and model = old.model and class = old.class and first_key = ${first}`
const ofPerson = `old.state in ${UNFINISHED} and user_id = old.user_id and api_key_id = old.api_key_id`

const LEAVE = `
  update unfinished_images
    set queued = queued - (old.state = 'queued'), running = running - (old.state = 'running') where ${ofPerson};
  delete from unfinished_images where ${ofPerson} and queued = 0 and running = 0;
${[ofOld(1, 'old.order_key'), ofOld(MANY_KEYS, firstOfMany('old.order_key'))]
  .map(
    (place) => `
  update queue_lengths set images = images - 1 where ${place};
  delete from queue_lengths where ${place} and images = 0;`
  )
  .join('')}`

const TRIGGERS = [
  `create trigger tasks_count_new after insert on tasks when new.state in ${UNFINISHED} begin ${ENTER} end`,
  `create trigger tasks_count_deleted after delete on tasks when old.state in ${UNFINISHED} begin ${LEAVE} end`,
  `create trigger tasks_count_changed after update of state, user_id, api_key_id, model, class, order_key on tasks
    when old.state in ${UNFINISHED} or new.state in ${UNFINISHED} begin ${ENTER} ${LEAVE} end`
]

const FILL = [
  `insert into unfinished_images select user_id, api_key_id, sum(state = 'queued'), sum(state = 'running')
    from tasks where state in ${UNFINISHED} group by user_id, api_key_id`,
  ...[
    [1, 'order_key'],
    [MANY_KEYS, firstOfMany('order_key')]
  ].map(
    ([keys, first]) => `insert into queue_lengths select ${keys}, model, class, ${first}, count(*)
      from tasks where state = 'queued' group by model, class, ${first}`
  )
]
