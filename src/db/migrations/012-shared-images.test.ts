import { DatabaseSync } from 'node:sqlite'
import { Kysely, SqliteDialect } from 'kysely'
import { Migrator } from 'kysely/migration'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { createSqliteShim } from '../sqlite-shim.ts'
import type { Tables } from '../tables.ts'
import { MIGRATIONS } from './index.ts'

let sqlite: DatabaseSync
let db: Kysely<Tables>
let migrator: Migrator
beforeEach(() => {
  sqlite = new DatabaseSync(':memory:')
  db = new Kysely<Tables>({ dialect: new SqliteDialect({ database: createSqliteShim(sqlite, () => undefined) }) })
  migrator = new Migrator({ db, provider: { getMigrations: async () => MIGRATIONS } })
})
afterEach(() => db.destroy())

it('keeps every image, and lets another row refer to its bytes', async () => {
  expect((await migrator.migrateTo('010-service-warnings')).error).toBeUndefined()
  sqlite.exec('pragma foreign_keys = off')
  const asset = (id: string) =>
    `('${id}', 'usr', 'req', 'output', 3, 'images/aa/one', 'image/png', 100, 'abc', 64, 48, 7, 1234)`
  const columns =
    'id, owner_id, request_id, kind, position, storage_key, media_type, bytes, sha256, width, height, seed, created_at'
  sqlite.exec(`insert into assets (${columns}) values ${asset('one')}`)
  const before = sqlite.prepare('select * from assets').all()

  expect((await migrator.migrateToLatest()).error).toBeUndefined()
  expect(sqlite.prepare('select * from assets').all()).toEqual(
    before.map((row) => ({ ...row, has_alpha: null, delivered_at: null }))
  )
  sqlite.exec(`insert into assets (${columns}) values ${asset('two')}`)
  expect(() => sqlite.exec(`insert into assets (${columns}) values ${asset('two')}`)).toThrow('UNIQUE')
  sqlite.exec('pragma foreign_keys = on')
  expect(() => sqlite.exec(`insert into assets (${columns}) values ${asset('three')}`)).toThrow('FOREIGN KEY')
})
