import { mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { waitFor } from '../../tests/support/wait-for.ts'
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

it('tells when that fails', async () => {
  const failed = Promise.withResolvers<unknown>()
  const noDatabase = join(folder, 'folder')
  await mkdir(noDatabase)
  await writeFile(`${noDatabase}-wal`, 'log')
  const checkpointer = startCheckpointer({ path: noDatabase, thresholdBytes: 0, ...unbounded, onError: failed.resolve })
  expect(await failed.promise).toBeInstanceOf(Error)
  await checkpointer.close()
})
