import { DatabaseSync } from 'node:sqlite'
import { Kysely, SqliteDialect } from 'kysely'
import { Migrator } from 'kysely/migration'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { createSqliteShim } from '../sqlite-shim.ts'
import type { Tables } from '../tables.ts'
import { MIGRATIONS } from './index.ts'

const TOO_LARGE = '9007199254740994'

let sqlite: DatabaseSync
let db: Kysely<Tables>
let migrator: Migrator
beforeEach(() => {
  sqlite = new DatabaseSync(':memory:')
  sqlite.exec('pragma foreign_keys = off')
  db = new Kysely<Tables>({ dialect: new SqliteDialect({ database: createSqliteShim(sqlite, () => undefined) }) })
  migrator = new Migrator({ db, provider: { getMigrations: async () => MIGRATIONS } })
})
afterEach(() => db.destroy())

/** A row of which every column that must have a value has one, and these have these. */
function insert(table: string, given: Record<string, string | number>): void {
  const columns = sqlite.prepare(`pragma table_info(${table})`).all() as {
    name: string
    type: string
    notnull: number
    dflt_value: unknown
  }[]
  const row = columns
    .filter(({ name, notnull, dflt_value }) => name in given || (notnull === 1 && dflt_value === null))
    .map(({ name, type }) => [name, String(given[name] ?? (type === 'text' ? `'${table}'` : 1))] as const)
  sqlite.exec(
    `insert into ${table} (${row.map(([name]) => name).join()}) values (${row.map(([, value]) => value).join()})`
  )
}

it('brings what no number holds to what is possible, and leaves the rest', async () => {
  expect((await migrator.migrateTo('007-admin')).error).toBeUndefined()
  insert('services', { id: "'a'", name: "'a'", timeout_ms: TOO_LARGE, images_per_hour: TOO_LARGE })
  insert('services', { id: "'b'", name: "'b'", timeout_ms: 240_000, images_per_user_hour: TOO_LARGE })
  insert('attempts', { generating_ms: TOO_LARGE })
  insert('usage_images', { asset_id: "'a'", generating_ms: TOO_LARGE })
  insert('usage_images', { asset_id: "'b'", generating_ms: 1234 })
  insert('usage_hours', { images: 2, generating_ms: TOO_LARGE })
  insert('usage_days', { images: 3, generating_ms: 9000 })
  insert('api_keys', { id: "'a'", hash: "'a'", expires_at: '9007199254740991', images_per_day: TOO_LARGE })
  insert('api_keys', { id: "'b'", hash: "'b'" })

  const { error } = await migrator.migrateToLatest()
  expect(error).toBeUndefined()
  const all = (table: string, columns: string) => sqlite.prepare(`select ${columns} from ${table} order by 1`).all()
  expect(all('services', 'id, timeout_ms, images_per_hour, images_per_user_hour')).toEqual([
    { id: 'a', timeout_ms: 86_400_000, images_per_hour: 1_000_000, images_per_user_hour: null },
    { id: 'b', timeout_ms: 240_000, images_per_hour: null, images_per_user_hour: 1_000_000 }
  ])
  expect(all('attempts', 'generating_ms')).toEqual([{ generating_ms: 86_400_000 }])
  expect(all('usage_images', 'generating_ms')).toEqual([{ generating_ms: 1234 }, { generating_ms: 86_400_000 }])
  expect(all('usage_hours', 'generating_ms')).toEqual([{ generating_ms: 172_800_000 }])
  expect(all('usage_days', 'generating_ms')).toEqual([{ generating_ms: 9000 }])
  expect(all('api_keys', 'id, expires_at, images_per_day')).toEqual([
    { id: 'a', expires_at: 253_402_300_799_999, images_per_day: 9_007_199_254_740_991 },
    { id: 'b', expires_at: null, images_per_day: null }
  ])
})
