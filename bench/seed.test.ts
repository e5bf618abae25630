import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'kysely'
import { expect, it, onTestFinished } from 'vitest'
import { databasePath } from '../src/app/open-database.ts'
import { MISCOUNTS } from '../tests/support/find-miscounts.ts'
import { openTestDatabase } from '../tests/support/open-test-database.ts'
import { seed } from './seed.ts'

it('fills a database in which each image is counted once, as the database counts what comes later', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'bench-seed-'))
  onTestFinished(() => rm(dataDir, { recursive: true }))
  await seed({ path: databasePath({ dataDir }), requests: 300, waiting: 20, people: 5, providers: 3, share: 0.9 })
  const { db, close } = await openTestDatabase({ dataDir })
  const { rows } = await sql.raw(MISCOUNTS).execute(db)
  const made = await sql.raw("select id from assets where kind = 'output' order by id").execute(db)
  const used = await sql.raw('select asset_id as id from usage_images order by id').execute(db)
  const triggers = await sql.raw("select name from sqlite_master where name = 'assets_count_usage'").execute(db)
  await close()
  expect(rows).toEqual([])
  expect(made.rows.length).toBeGreaterThan(100)
  expect(used.rows).toEqual(made.rows)
  expect(triggers.rows).toHaveLength(1)
})
