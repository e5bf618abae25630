import { DatabaseSync } from 'node:sqlite'
import { Kysely, SqliteDialect } from 'kysely'
import { Migrator } from 'kysely/migration'
import { expect, it } from 'vitest'
import { createSqliteShim } from '../sqlite-shim.ts'
import { MIGRATIONS } from './index.ts'

it('counts what is stored, each object once for each owner', async () => {
  const sqlite = new DatabaseSync(':memory:')
  const db = new Kysely<unknown>({
    dialect: new SqliteDialect({ database: createSqliteShim(sqlite, () => undefined) })
  })
  const migrator = new Migrator({ db, provider: { getMigrations: async () => MIGRATIONS } })
  expect((await migrator.migrateTo('013-webhook-hosts')).error).toBeUndefined()
  sqlite.exec('pragma foreign_keys = off')
  for (const [id, owner, key, bytes] of [
    ['a', 'ann', 'one', 100],
    ['b', 'ann', 'one', 100],
    ['c', 'ann', 'two', 7],
    ['d', 'bob', 'one', 100]
  ]) {
    sqlite.exec(`insert into assets
      (id, owner_id, request_id, kind, position, storage_key, media_type, bytes, sha256, width, height, created_at)
      values ('${id}', '${owner}', 'r', 'input', 0, '${key}', 'image/png', ${bytes}, '', 1, 1, 1)`)
  }
  expect((await migrator.migrateToLatest()).error).toBeUndefined()
  expect(sqlite.prepare('select * from stored_bytes order by owner_id').all()).toEqual([
    { owner_id: 'ann', bytes: 107 },
    { owner_id: 'bob', bytes: 100 }
  ])
  await db.destroy()
})
