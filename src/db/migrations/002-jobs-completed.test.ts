import { DatabaseSync } from 'node:sqlite'
import { Kysely, SqliteDialect } from 'kysely'
import { Migrator } from 'kysely/migration'
import { expect, it } from 'vitest'
import { migrate } from '../migrate.ts'
import { createSqliteShim } from '../sqlite-shim.ts'
import type { Tables } from '../tables.ts'
import { MIGRATIONS } from './index.ts'

const open = () => {
  const sqlite = new DatabaseSync(':memory:')
  const db = new Kysely<Tables>({ dialect: new SqliteDialect({ database: createSqliteShim(sqlite, () => undefined) }) })
  const schema = () => sqlite.prepare('select type, name, sql from sqlite_master order by name').all()
  return { db, schema }
}

it('changes nothing in a folder that has it all, whatever ran there before', async () => {
  const fresh = open()
  await migrate(fresh.db, { dataDir: 'data' })
  const { '002-jobs-completed': _, ...others } = MIGRATIONS
  const older = open()
  const migrator = new Migrator({ db: older.db, provider: { getMigrations: async () => others } })
  expect((await migrator.migrateToLatest()).error).toBeUndefined()
  await migrate(older.db, { dataDir: 'data' })
  expect(older.schema()).toEqual(fresh.schema())
  await fresh.db.destroy()
  await older.db.destroy()
})
