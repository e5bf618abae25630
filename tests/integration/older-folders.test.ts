import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestGateway } from '../support/test-gateway.ts'
import { fillOlder, OLDER_FOLDERS, openAsItIs } from '../support/older-folders.ts'
import { openTestDatabase } from '../support/open-test-database.ts'

async function makeOlder(folder: string, name: string): Promise<Record<string, number>> {
  const sqlite = await fillOlder(folder, name)
  const counts = countRows(sqlite)
  sqlite.close()
  return counts
}

async function bringUpToDate(dataDir: string): Promise<DatabaseSync> {
  await (await openTestDatabase({ dataDir })).close()
  return openAsItIs(dataDir)
}

const tablesOf = (sqlite: DatabaseSync): string[] =>
  sqlite
    .prepare("select name from sqlite_master where type = 'table' and name not like 'sqlite_%' order by name")
    .all()
    .map(({ name }) => String(name))

const countRows = (sqlite: DatabaseSync): Record<string, number> =>
  Object.fromEntries(
    tablesOf(sqlite)
      .filter((name) => !name.startsWith('kysely_'))
      .map((name) => [name, Number(sqlite.prepare(`select count(*) as n from ${name}`).get()?.n)])
  )

/** Everything but the order of columns, which no statement relies on. */
function describeSchema(sqlite: DatabaseSync) {
  const list = (pragma: string) => sqlite.prepare(`pragma ${pragma}`).all()
  const byText = (rows: unknown[]) => rows.map((row) => JSON.stringify(row)).sort()
  const tables = tablesOf(sqlite).map((table) => {
    const indexes = list(`index_list(${table})`).map(({ seq: _, ...index }) => ({
      ...index,
      columns: list(`index_xinfo(${String(index.name)})`).map(({ name, desc, coll, key }) => [name, desc, coll, key])
    }))
    return [
      table,
      {
        columns: byText(list(`table_info(${table})`).map(({ cid: _, ...column }) => column)),
        keys: byText(list(`foreign_key_list(${table})`)),
        indexes: byText(indexes)
      }
    ]
  })
  const others = sqlite
    .prepare("select type, name, sql from sqlite_master where type <> 'table' and sql is not null order by name")
    .all()
  return { tables: Object.fromEntries(tables) as Record<string, unknown>, others }
}

let fresh: ReturnType<typeof describeSchema>
let freshDir: string
beforeAll(async () => {
  freshDir = await mkdtemp(join(tmpdir(), 'fresh-folder-'))
  const sqlite = await bringUpToDate(freshDir)
  fresh = describeSchema(sqlite)
  sqlite.close()
})
afterAll(() => rm(freshDir, { recursive: true }))

describe.each(OLDER_FOLDERS)('a folder of %s', (name) => {
  let folder: string
  let before: Record<string, number>
  let sqlite: DatabaseSync
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'older-folder-'))
    before = await makeOlder(folder, name)
    sqlite = await bringUpToDate(folder)
  })
  afterAll(async () => {
    sqlite.close()
    await rm(folder, { recursive: true })
  })
  const read = (text: string) => sqlite.prepare(text).all()

  it('ends with the schema of a new one and all of its rows', () => {
    expect(describeSchema(sqlite)).toEqual(fresh)
    expect(countRows(sqlite)).toMatchObject(before)
    expect(read('pragma foreign_key_check')).toEqual([])
    expect(read('pragma integrity_check')).toEqual([{ integrity_check: 'ok' }])
  })

  it('has every request counted once, at its first image', () => {
    const images = read('select * from usage_images order by created_at, asset_id')
    const counted = images.filter((image) => image.first_of_request === 1)
    expect(counted.map((image) => image.request_id).sort()).toEqual(
      [...new Set(images.map((image) => image.request_id))].sort()
    )
    // So are the totals that hold them already.
    for (const [table, column, unitMs] of [
      ['usage_hours', 'hour', 3_600_000],
      ['usage_days', 'day', 86_400_000]
    ] as const) {
      const rolledUp = images.filter((image) => image.rolled_up === 1)
      const units = Map.groupBy(rolledUp, (image) => Number(image.created_at) - (Number(image.created_at) % unitMs))
      const expected = [...units].map(([start, same]) => ({
        start,
        images: same.length,
        requests: same.filter((image) => image.first_of_request === 1).length
      }))
      expect(read(`select ${column} as start, images, requests from ${table} order by 1`)).toEqual(expected)
    }
  })

  it('knows the key of what waits, the place in a batch, and when a key for repeats ends', () => {
    expect(read("select id from tasks where api_key_id <> 'key_ann'")).toEqual([])
    const batch = read('select id, batch_position from requests where batch_id is not null order by batch_position')
    expect(batch).toEqual(
      [
        { id: 'req_z', batch_position: 0 },
        { id: 'req_y', batch_position: 1 }
      ].slice(0, batch.length)
    )
    for (const row of read('select key, created_at, expires_at from idempotency_keys')) {
      expect(row.expires_at).toBe(row.key === 'left' ? Number(row.created_at) + 86_400_000 : null)
    }
  })

  it('takes the addresses that commands gave for true, and no others', () => {
    expect(read('select email from users where email_verified = 1')).toEqual([{ email: 'ann@example.org' }])
  })

  it('is one a gateway starts on', async () => {
    const gateway = await startTestGateway({ dataDir: folder })
    try {
      const { key } = await gateway.addKey({ id: 'usr_ann' })
      const job = await gateway.call('/v1/jobs/req_one', { key })
      expect(job.status).toBe(200)
      expect(await job.json()).toMatchObject({ id: 'req_one', status: 'PROCESSED' })
    } finally {
      await gateway.close()
    }
  })
})
