import { DatabaseSync } from 'node:sqlite'
import { Kysely, SqliteDialect } from 'kysely'
import { Migrator } from 'kysely/migration'
import { expect, it } from 'vitest'
import { MISCOUNTS } from '../../../tests/support/find-miscounts.ts'
import { createSqliteShim } from '../sqlite-shim.ts'
import { MIGRATIONS } from './index.ts'

it('counts what waits and runs already', async () => {
  const sqlite = new DatabaseSync(':memory:')
  const db = new Kysely<unknown>({
    dialect: new SqliteDialect({ database: createSqliteShim(sqlite, () => undefined) })
  })
  const migrator = new Migrator({ db, provider: { getMigrations: async () => MIGRATIONS } })
  expect((await migrator.migrateTo('021-club-picture')).error).toBeUndefined()
  sqlite.exec('pragma foreign_keys = off')
  for (const [id, user, state, key] of [
    ['a', 'ann', 'queued', -1],
    ['b', 'ann', 'queued', 0],
    ['c', 'ann', 'queued', 255],
    ['d', 'ann', 'running', 256],
    ['e', 'bob', 'queued', 256],
    ['f', 'bob', 'succeeded', 257]
  ]) {
    sqlite.exec(`insert into tasks
      (id, request_id, user_id, api_key_id, position, state, kind, model, needs, seed, class, order_key, queued_at)
      values ('${id}', '${id}', '${user}', 'key', 0, '${state}', 'generation', 'm', 'generate', 1, 1, ${key}, 1)`)
  }
  expect((await migrator.migrateTo('022-queue-counts')).error).toBeUndefined()
  expect(sqlite.prepare('select * from unfinished_images order by user_id').all()).toEqual([
    { user_id: 'ann', api_key_id: 'key', queued: 3, running: 1 },
    { user_id: 'bob', api_key_id: 'key', queued: 1, running: 0 }
  ])
  expect(sqlite.prepare('select first_key, images from queue_lengths where keys = 256').all()).toEqual([
    { first_key: -256, images: 1 },
    { first_key: 0, images: 2 },
    { first_key: 256, images: 1 }
  ])
  expect((await migrator.migrateToLatest()).error).toBeUndefined()
  expect(sqlite.prepare(MISCOUNTS).all()).toEqual([])
  await db.destroy()
})
