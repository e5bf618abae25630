import { mkdir, mkdtemp, rm, rmdir, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { waitFor } from '../../tests/support/wait-for.ts'
import { HOUR_MS } from '../lib/durations.ts'
import { startCheckpointer } from './checkpointer.ts'

let folder: string
let path: string
let database: DatabaseSync
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'checkpointer-'))
  path = join(folder, 'test.sqlite')
  database = new DatabaseSync(path)
  database.exec('pragma journal_mode = wal; pragma wal_autocheckpoint = 0; create table t (text text)')
})
afterEach(async () => {
  database.close()
  await rm(folder, { recursive: true })
})

const fileBytes = async () => (await stat(path)).size
const unbounded = { maxLogBytes: Infinity, holdWriters: () => Promise.reject(new Error('held')) }
const fill = () => database.exec(`insert into t values ('${'x'.repeat(100_000)}')`)

it('moves a log that has grown into the database file, again and again', async () => {
  const checkpointer = startCheckpointer({
    path,
    thresholdBytes: 50_000,
    ...unbounded,
    onError: (error) => expect.fail(String(error))
  })
  fill()
  expect(await fileBytes()).toBeLessThan(50_000)
  await waitFor(async () => (await fileBytes()) > 100_000)
  fill()
  await waitFor(async () => (await fileBytes()) > 200_000)
  await checkpointer.close()
})

/** A folder where the database should be, with a log beside it that is to be moved. */
async function folderInItsPlace(): Promise<string> {
  const inItsPlace = join(folder, 'other.sqlite')
  await mkdir(inItsPlace)
  await writeFile(`${inItsPlace}-wal`, 'log')
  return inItsPlace
}

it('tells once when that fails, tries again, and goes on when it can', async () => {
  const failures: unknown[] = []
  const other = await folderInItsPlace()
  const onError = (error: unknown) => failures.push(error)
  const patience = { lookEveryMs: 1, firstRetryMs: 1 }
  const checkpointer = startCheckpointer({ path: other, thresholdBytes: 0, ...unbounded, ...patience, onError })
  await waitFor(() => failures.length > 0)
  await rm(`${other}-wal`)
  await rmdir(other)
  const late = new DatabaseSync(other)
  late.exec('pragma journal_mode = wal; pragma wal_autocheckpoint = 0; create table t (text text)')
  late.exec(`insert into t values ('${'x'.repeat(100_000)}')`)
  await waitFor(async () => (await stat(other)).size > 100_000)
  expect(failures).toEqual([expect.objectContaining({ errcode: 14 })])
  await checkpointer.close()
  late.close()
})

it('tries again as often as it looks while the log is too long, for it would fill the disk', async () => {
  const failed = Promise.withResolvers<unknown>()
  const other = await folderInItsPlace()
  const patience = { lookEveryMs: 1, firstRetryMs: HOUR_MS }
  const log = { thresholdBytes: 0, maxLogBytes: 2, holdWriters: (work: () => Promise<void>) => work() }
  const checkpointer = startCheckpointer({ path: other, ...log, ...patience, onError: failed.resolve })
  await failed.promise
  await rm(`${other}-wal`)
  await rmdir(other)
  const late = new DatabaseSync(other)
  late.exec('pragma journal_mode = wal; pragma wal_autocheckpoint = 0; create table t (text text)')
  late.exec(`insert into t values ('${'x'.repeat(100_000)}')`)
  await waitFor(async () => (await stat(other)).size > 100_000)
  await checkpointer.close()
  late.close()
})

it('does not keep anybody who closes it waiting for the next try', async () => {
  const failed = Promise.withResolvers<unknown>()
  const other = await folderInItsPlace()
  const onError = failed.resolve
  const patience = { lookEveryMs: 1, firstRetryMs: HOUR_MS }
  const checkpointer = startCheckpointer({ path: other, thresholdBytes: 0, ...unbounded, ...patience, onError })
  await failed.promise
  await checkpointer.close()
})

it('tells of a log that others keep from beginning anew, and goes on', async () => {
  const failures: unknown[] = []
  const reader = new DatabaseSync(path)
  reader.exec('begin; select * from t')
  const checkpointer = startCheckpointer({
    path,
    thresholdBytes: 0,
    maxLogBytes: 50_000,
    holdWriters: (work) => work(),
    lookEveryMs: 1,
    firstRetryMs: 1,
    onError: (error) => failures.push(error)
  })
  fill()
  await waitFor(() => {
    fill()
    return failures.length > 0
  })
  expect(String(failures[0])).toContain('reads the database')
  reader.exec('commit')
  reader.close()
  const logSize = (await stat(`${path}-wal`)).size
  // Nobody cuts it here; it is written from its beginning.
  await waitFor(async () => {
    fill()
    return (await fileBytes()) > logSize
  })
  await checkpointer.close()
  expect(failures).toHaveLength(1)
})
