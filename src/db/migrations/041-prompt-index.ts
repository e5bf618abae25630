import { type Kysely, sql } from 'kysely'

/**
 * The index of prompts (`db/prompt-index.ts`). `search_doc` is the number of a request in it; null until a gateway has put it
 * in, which it does for old requests as for new ones, a few at a time, while everybody is served. It forgets a request with
 * its row, or its prompt, by triggers; what has been removed since its files were last written anew is counted.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable('requests').addColumn('search_doc', 'bigint').execute()
  await sql`create index requests_by_search_doc on requests (search_doc, created_at, id) where search_doc is not null`.execute(
    db
  )
  await sql`create index requests_not_in_index on requests (created_at, id) where search_doc is null`.execute(db)
  // Which prompts a text of three characters is in, and not where in them: a prompt that holds all of a word is read anyway.
  await sql`
    create virtual table prompt_index using fts5(
      owner, prompt, content='', contentless_delete=1, detail=none, tokenize='trigram case_sensitive 1'
    )`.execute(db)
  // Its parts are merged by the gateway, a few pages at a time, and never while a prompt is written.
  await sql`insert into prompt_index (prompt_index, rank) values ('automerge', 0)`.execute(db)
  await sql`insert into prompt_index (prompt_index, rank) values ('crisismerge', 1000)`.execute(db)
  await db.schema
    .createTable('removed_prompts')
    .addColumn('prompts', 'bigint', (c) => c.notNull())
    .execute()
  await sql`insert into removed_prompts (prompts) values (0)`.execute(db)
  await sql`
    create trigger requests_leave_index after delete on requests when old.search_doc is not null begin
      delete from prompt_index where rowid = old.search_doc;
      update removed_prompts set prompts = prompts + 1;
    end`.execute(db)
  await sql`
    create trigger requests_change_index after update of prompt, user_id on requests when old.search_doc is not null begin
      delete from prompt_index where rowid = old.search_doc;
      update removed_prompts set prompts = prompts + 1;
      update requests set search_doc = null where id = old.id;
    end`.execute(db)
}
