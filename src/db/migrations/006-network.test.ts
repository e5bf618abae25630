import { DatabaseSync } from 'node:sqlite'
import { Kysely, SqliteDialect } from 'kysely'
import { Migrator } from 'kysely/migration'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { createSqliteShim } from '../sqlite-shim.ts'
import type { Tables } from '../tables.ts'
import { MIGRATIONS } from './index.ts'

const HOUR_MS = 3_600_000
const MIDNIGHT = Date.UTC(2026, 10, 20)

let db: Kysely<Tables>
let migrator: Migrator
beforeEach(() => {
  const database = createSqliteShim(new DatabaseSync(':memory:'), () => undefined)
  db = new Kysely<Tables>({ dialect: new SqliteDialect({ database }) })
  migrator = new Migrator({ db, provider: { getMigrations: async () => MIGRATIONS } })
})
afterEach(() => db.destroy())

const hour = (at: number, images: number, change: Partial<Tables['usage_hours']> = {}) => ({
  hour: at,
  user_id: 'usr_a',
  api_key_id: 'key_a',
  provider_id: 'prv_a',
  model: 'demo',
  kind: 'generation',
  width: 64,
  height: 64,
  images,
  requests: 1,
  generating_ms: 10 * images,
  ...change
})

it('fills the daily totals and those of providers from the hours there are', async () => {
  expect((await migrator.migrateTo('005-dashboard')).error).toBeUndefined()
  await db
    .insertInto('usage_hours')
    .values([
      hour(MIDNIGHT - HOUR_MS, 1),
      hour(MIDNIGHT, 2),
      hour(MIDNIGHT + 23 * HOUR_MS, 3),
      hour(MIDNIGHT + 23 * HOUR_MS, 4, { width: 128 }),
      hour(MIDNIGHT + 24 * HOUR_MS, 5, { provider_id: 'prv_b' })
    ])
    .execute()
  const { error, results } = await migrator.migrateTo('006-network')
  expect(error).toBeUndefined()
  expect(results?.map(({ migrationName }) => migrationName)).toEqual(['006-network'])

  const { hour: _, ...same } = hour(0, 0)
  const days = await db.selectFrom('usage_days').selectAll().orderBy('day').orderBy('width').execute()
  const day = (at: number, images: number, change: Partial<Tables['usage_days']>) => ({
    ...same,
    day: at,
    images,
    generating_ms: 10 * images,
    ...change
  })
  expect(days).toEqual([
    day(MIDNIGHT - 24 * HOUR_MS, 1, { last_at: MIDNIGHT - HOUR_MS }),
    day(MIDNIGHT, 5, { requests: 2, last_at: MIDNIGHT + 23 * HOUR_MS }),
    day(MIDNIGHT, 4, { width: 128, last_at: MIDNIGHT + 23 * HOUR_MS }),
    day(MIDNIGHT + 24 * HOUR_MS, 5, { provider_id: 'prv_b', last_at: MIDNIGHT + 24 * HOUR_MS })
  ])
  expect(await db.selectFrom('usage_providers').selectAll().orderBy('provider_id').execute()).toEqual([
    { provider_id: 'prv_a', images: 10 },
    { provider_id: 'prv_b', images: 5 }
  ])
})

it('leaves the providers there are as they were: at work and shown', async () => {
  await migrator.migrateTo('005-dashboard')
  const user = { id: 'usr_a', name: 'a', email: 'a@example.org', role: 'member', created_at: 1, updated_at: 1 }
  await db.insertInto('users').values(user).execute()
  const seen = { epoch: 1, connected_at: 1, online_until: 1, last_seen_at: 1 }
  await db
    .insertInto('providers')
    .values({ id: 'prv_a', owner_id: 'usr_a', name: 'a', ...seen })
    .execute()
  await migrator.migrateTo('006-network')
  const rows = await db.selectFrom('providers').select(['drained_at', 'forgotten_at']).execute()
  expect(rows).toEqual([{ drained_at: null, forgotten_at: null }])
})
