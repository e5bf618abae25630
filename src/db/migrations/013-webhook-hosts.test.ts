import { DatabaseSync } from 'node:sqlite'
import { Kysely, SqliteDialect } from 'kysely'
import { Migrator } from 'kysely/migration'
import { expect, it } from 'vitest'
import { createSqliteShim } from '../sqlite-shim.ts'
import { MIGRATIONS } from './index.ts'

it('tells the host of every delivery there is', async () => {
  const sqlite = new DatabaseSync(':memory:')
  const db = new Kysely<unknown>({
    dialect: new SqliteDialect({ database: createSqliteShim(sqlite, () => undefined) })
  })
  const migrator = new Migrator({ db, provider: { getMigrations: async () => MIGRATIONS } })
  expect((await migrator.migrateTo('012-shared-images')).error).toBeUndefined()
  for (const [id, url] of [
    ['a', 'https://Example.org/hook?x=1'],
    ['b', 'http://127.0.0.1:8080/'],
    ['c', 'no url at all']
  ]) {
    sqlite.exec(`insert into webhook_deliveries
      (id, user_id, api_key_id, request_id, event_type, url, payload, state, next_try_at, created_at)
      values ('${id}', 'u', 'k', 'r', 'e', '${url}', '{}', 'pending', 1, 1)`)
  }
  expect((await migrator.migrateToLatest()).error).toBeUndefined()
  const rows = sqlite.prepare('select host from webhook_deliveries order by id').all()
  expect(rows.map((row) => row.host)).toEqual(['example.org', '127.0.0.1:8080', ''])
  await db.destroy()
})
