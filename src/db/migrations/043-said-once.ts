import { type Kysely, sql } from 'kysely'

/**
 * Lets the database write what follows from a row, in the statement that writes the row: a request runs as soon as one of its
 * attempts does, and an image that is stored as its task's is counted in usage, exactly when it exists. Each saves a statement
 * for every image, and whoever begins attempts or stores images cannot forget it.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of TRIGGERS) await sql.raw(statement).execute(db)
}

const BEGIN_REQUEST = `
  update requests set state = 'running', started_at = coalesce(started_at, new.assigned_at)
    where id = new.request_id and state = 'queued';`

const TRIGGERS = [
  `create trigger attempts_begin_request after insert on attempts when new.state = 'running' begin ${BEGIN_REQUEST} end`,
  `create trigger attempts_begun_request after update of state on attempts
    when new.state = 'running' and old.state = 'standby' begin ${BEGIN_REQUEST} end`,
  `create trigger assets_count_usage after insert on assets when new.kind = 'output' begin
    insert into usage_images (asset_id, request_id, user_id, api_key_id, provider_id, service_id, kind, model, width, height,
        generating_ms, created_at, first_of_request)
      select new.id, new.request_id, tasks.user_id, tasks.api_key_id, attempts.provider_id, attempts.service_id, tasks.kind,
        tasks.model, new.width, new.height, attempts.generating_ms, new.created_at,
        not exists (select 1 from usage_images where request_id = new.request_id)
      from tasks join attempts on attempts.id = tasks.current_attempt_id
      where tasks.request_id = new.request_id and tasks.asset_id = new.id;
  end`
]
