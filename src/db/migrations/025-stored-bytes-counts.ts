import { type Kysely, sql } from 'kysely'

/**
 * Lets the database keep `stored_bytes` (what the images of somebody take, each object once) by itself, in the statement that
 * writes or deletes an asset: whoever does it, and whatever ends in between, it is as true as the assets.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of TRIGGERS) await sql.raw(statement).execute(db)
}

/** Whether there is a row of the same bytes and owner, beside `asset`. */
const isHeldBeside = (asset: 'new' | 'old'): string =>
  `exists (select 1 from assets where storage_key = ${asset}.storage_key and owner_id = ${asset}.owner_id and id != ${asset}.id)`

const TRIGGERS = [
  `create trigger assets_count_new after insert on assets when not ${isHeldBeside('new')} begin
    insert into stored_bytes (owner_id, bytes) values (new.owner_id, new.bytes)
      on conflict do update set bytes = bytes + excluded.bytes;
  end`,
  `create trigger assets_count_deleted after delete on assets when not ${isHeldBeside('old')} begin
    update stored_bytes set bytes = bytes - old.bytes where owner_id = old.owner_id;
    delete from stored_bytes where owner_id = old.owner_id and bytes <= 0;
  end`
]
