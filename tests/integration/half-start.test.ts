import { once } from 'node:events'
import { mkdir, mkdtemp, readdir, readlink, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'kysely'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { isDataDirLocked } from '../../src/db/data-dir-lock.ts'
import { createSteadyClock, type SteadyClock } from '../../src/lib/clock.ts'
import { freePort } from '../support/free-port.ts'
import { startTestGateway } from '../support/test-gateway.ts'
import { openTestDatabase } from '../support/open-test-database.ts'

let dataDir: string
let port: number
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'half-start-'))
  port = await freePort()
})
afterEach(() => rm(dataDir, { recursive: true }))

const start = (options: { dataDir?: string; clock?: SteadyClock } = {}) =>
  startTestGateway({ dataDir, env: { INFERENCE_CLUB_PORT: String(port) }, ...options })

/** Starts a gateway whose port is taken when it has looked whether it is free, and has begun to make its data. */
async function startTooLate(folder = dataDir): Promise<void> {
  const clock = createSteadyClock()
  let other: Server | undefined
  const now = () => {
    other ??= createServer().listen(port, '127.0.0.1')
    return clock.now()
  }
  await expect(start({ dataDir: folder, clock: { ...clock, now } })).rejects.toThrow('EADDRINUSE')
  other?.close()
}

async function listenThere(): Promise<Server> {
  const server = createServer().listen(port, '127.0.0.1')
  await once(server, 'listening')
  return server
}

/** Files in the folder that this process has open. */
async function openFiles(): Promise<string[]> {
  const open = await readdir('/proc/self/fd').catch(() => [])
  const paths = await Promise.all(open.map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => '')))
  return paths.filter((path) => path.startsWith(dataDir))
}

async function onDatabase(statement: string): Promise<void> {
  const database = await openTestDatabase({ dataDir })
  await sql.raw(statement).execute(database.db)
  await database.close()
}

/** Whoever comes next has the folder and the port to themselves. */
async function expectNothingLeft(): Promise<void> {
  expect(isDataDirLocked(dataDir)).toBe(false)
  expect(await openFiles()).toEqual([])
  const server = await listenThere()
  server.close()
  await once(server, 'close')
}

it('leaves nothing open when its port is taken', async () => {
  const other = await listenThere()
  await expect(start()).rejects.toThrow('EADDRINUSE')
  expect(await readdir(dataDir)).toEqual([])
  other.close()
  await once(other, 'close')
  await expectNothingLeft()
  const gateway = await start()
  await gateway.close()
  await expectNothingLeft()
})

it('leaves nothing behind when its port is taken between the look and the start', async () => {
  await startTooLate()
  expect(await readdir(dataDir)).toEqual([])
  await startTooLate(join(dataDir, 'deep', 'data'))
  expect(await readdir(dataDir)).toEqual([])
  const gateway = await start()
  await gateway.close()
  await expectNothingLeft()
})

it('takes nothing away that was there before', async () => {
  const older = ['gateway.lock', 'my notes', 'objects', 'objects/quarantine'].toSorted()
  await mkdir(join(dataDir, 'objects', 'quarantine'), { recursive: true })
  await writeFile(join(dataDir, 'gateway.lock'), '')
  await writeFile(join(dataDir, 'my notes'), 'mine')
  await startTooLate()
  expect((await readdir(dataDir, { recursive: true })).toSorted()).toEqual(older)
  const gateway = await start()
  const { key } = await gateway.addUser()
  await gateway.close()
  await startTooLate()
  const again = await start()
  expect((await again.call('/v1/models', { key })).status).toBe(200)
  await again.close()
})

it('leaves nothing open when it fails after it has begun to listen', async () => {
  await onDatabase(`create trigger nobody before insert on users begin select raise(fail, 'nobody may come'); end`)
  await expect(start()).rejects.toThrow('nobody may come')
  await expectNothingLeft()
  await onDatabase('drop trigger nobody')
  const gateway = await start()
  expect((await gateway.call('/readyz')).status).toBe(200)
  await gateway.close()
})

it('leaves nothing open when what is in its folder cannot be used', async () => {
  await writeFile(join(dataDir, 'inference-club.sqlite'), 'This is no database, and has never been one.'.repeat(100))
  await expect(start()).rejects.toThrow('not a database')
  await expectNothingLeft()
})
