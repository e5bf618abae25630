import { DatabaseSync } from 'node:sqlite'
import { Kysely, SqliteDialect } from 'kysely'
import { Migrator } from 'kysely/migration'
import { expect, it } from 'vitest'
import { errors } from '../../lib/errors.ts'
import { createSqliteShim } from '../sqlite-shim.ts'
import { MIGRATIONS } from './index.ts'

it('knows the limits among earlier failures, and claims to know of no other why it was', async () => {
  const sqlite = new DatabaseSync(':memory:')
  sqlite.exec('pragma foreign_keys = off')
  await using db = new Kysely<unknown>({
    dialect: new SqliteDialect({ database: createSqliteShim(sqlite, () => undefined) })
  })
  const migrator = new Migrator({ db, provider: { getMigrations: async () => MIGRATIONS } })
  expect((await migrator.migrateTo('045-fewer-indexes')).error).toBeUndefined()
  const insert = sqlite.prepare(
    `insert into requests (id, user_id, api_key_id, kind, state, is_async, model, prompt, parameters, n, created_at, warnings, error_code, error_message)
     values (?, 'u', 'k', 'generation', ?, 1, 'm', '', '{}', 1, 1, '[]', ?, ?)`
  )
  const { message } = errors.upstreamCapped({}, 0)
  insert.run('capped', 'failed', 'upstream_busy', message)
  insert.run('own share', 'failed', 'upstream_busy', errors.upstreamCapped({ until: 5, isOwnShare: true }, 0).message)
  insert.run('new', 'failed', 'upstream_busy', errors.upstreamCapped({ reason: 'new_here', until: 5 }, 0).message)
  insert.run('busy', 'failed', 'upstream_busy', 'The image servers that have this model are busy at the moment.')
  insert.run('quoted', 'failed', 'upstream_error', message)
  expect((await migrator.migrateToLatest()).error).toBeUndefined()
  expect(sqlite.prepare('select id, error_reason, error_machines from requests order by id').all()).toEqual([
    { id: 'busy', error_reason: null, error_machines: null },
    { id: 'capped', error_reason: 'capped', error_machines: null },
    { id: 'new', error_reason: 'new_here', error_machines: null },
    { id: 'own share', error_reason: 'capped', error_machines: null },
    { id: 'quoted', error_reason: null, error_machines: null }
  ])
})
