import { randomBytes } from 'node:crypto'
import { mkdir, mkdtemp, rename, rm, rmdir, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync, StatementSync } from 'node:sqlite'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { runScript } from '../../tests/support/run-script.ts'
import { waitFor } from '../../tests/support/wait-for.ts'
import { wrapUntilTheEnd } from '../../tests/support/wrap-method.ts'
import { sleep } from '../lib/async.ts'
import { systemClock } from '../lib/clock.ts'
import { DataDirUnusable } from './data-dir-unusable.ts'
import type { Database } from './database.ts'
import { openSqliteDatabase } from './sqlite-database.ts'

let folder: string
let path: string
let database: Database

const wrap = wrapUntilTheEnd()
const lookFailed: unknown[] = []

const open = (syncFile?: (fd: number) => Promise<void>, maxLogBytes?: number) =>
  openSqliteDatabase({
    path,
    ...(maxLogBytes !== undefined && { maxLogBytes }),
    clock: systemClock,
    onFatal: (error) => expect.fail(String(error)),
    onError: (error) => lookFailed.push(error),
    ...(syncFile && { syncFile })
  })

beforeEach(async () => {
  lookFailed.length = 0
  folder = await mkdtemp(join(tmpdir(), 'sqlite-database-'))
  path = join(folder, 'made', 'on first use.sqlite')
  database = await open()
})
afterEach(async () => {
  await database.close()
  await rm(folder, { recursive: true })
})

const user = (id: string) => ({
  id,
  name: id,
  email: `${id}@example.org`,
  role: 'member',
  created_at: 1,
  updated_at: 0
})
const addUser = (id: string, { db } = database) => db.insertInto('users').values(user(id)).execute()
const userIds = async ({ db } = database) =>
  (await db.selectFrom('users').select('id').orderBy('id').execute()).map((row) => row.id)

/** Another program that has the file open; `timeout` is how long it waits for others. */
const otherProgram = () => new DatabaseSync(path, { timeout: 0 })
const INSERT =
  "insert into users (id, name, email, role, created_at, updated_at) values ('x', 'x', 'x', 'member', 1, 1)"

it('keeps what was written, and opens it again', async () => {
  await addUser('ann')
  await database.close()
  database = await open()
  expect(await userIds()).toEqual(['ann'])
})

it('refuses rows that refer to nothing', async () => {
  const provider = {
    id: 'p',
    owner_id: 'nobody',
    name: 'p',
    epoch: 1,
    connected_at: 1,
    online_until: 1,
    last_seen_at: 1
  }
  await expect(database.db.insertInto('providers').values(provider).execute()).rejects.toThrow(/FOREIGN KEY/)
})

it('refuses a database of a newer program', async () => {
  await database.close()
  const other = otherProgram()
  other.exec("insert into kysely_migration (name, timestamp) values ('999-later', '2100-01-01')")
  other.close()
  await expect(open()).rejects.toThrow(DataDirUnusable)
  const again = otherProgram()
  again.exec("delete from kysely_migration where name = '999-later'")
  again.close()
  database = await open()
})

describe('the bell', () => {
  const count = (topic: Parameters<Database['bell']['on']>[0]) => {
    const rings = { count: 0 }
    const forget = database.bell.on(topic, () => (rings.count += 1))
    return { rings, forget }
  }

  it('rings on every topic within a second when another program has written', async () => {
    const heard = [count('keys'), count('tasks'), count('request:req_1')]
    const other = otherProgram()
    other.exec(INSERT)
    other.close()
    await waitFor(() => heard.every(({ rings }) => rings.count > 0), 1000)
    expect(await userIds()).toEqual(['x'])
  })

  it('survives a look that fails, and looks again', async () => {
    const heard = count('tasks')
    let broken = true
    wrap(StatementSync.prototype, 'get', (original) => {
      return function (this: StatementSync, ...values: never[]) {
        if (broken && this.sourceSQL === 'pragma data_version') throw new Error('EIO')
        return original.apply(this, values as never)
      } as typeof original
    })
    await waitFor(() => lookFailed.length > 1)
    broken = false
    const other = otherProgram()
    other.exec(INSERT)
    other.close()
    await waitFor(() => heard.rings.count > 0, 1000)
  })

  it('does not ring by itself for what this program writes', async () => {
    const heard = count('tasks')
    for (let i = 0; i < 30; i++) {
      await addUser(`user-${i}`)
      await new Promise((resolve) => setTimeout(resolve, 15))
    }
    expect(heard.rings.count).toBe(0)
  })

  it('is not heard by those who left', async () => {
    const { rings, forget } = count('tasks')
    database.bell.ring('tasks')
    database.bell.ring('keys')
    forget()
    database.bell.ring('tasks')
    expect(rings.count).toBe(1)
  })
})

describe('transactions', () => {
  it('of two programs that read and then write at the same time all succeed', async () => {
    await addUser('ann')
    const count = () => runScript('count-in-database.ts', [path, 'ann', '2000'])
    await Promise.all([count(), count()])
    const row = await database.db.selectFrom('users').select('updated_at').executeTakeFirstOrThrow()
    expect(row.updated_at).toBe(4000)
  })

  it('of one program wait for each other', async () => {
    await addUser('ann')
    const increment = () =>
      database.db.transaction().execute(async (trx) => {
        const { updated_at } = await trx.selectFrom('users').select('updated_at').executeTakeFirstOrThrow()
        await trx
          .updateTable('users')
          .set({ updated_at: updated_at + 1 })
          .execute()
      })
    await Promise.all(Array.from({ length: 50 }, increment))
    const row = await database.db.selectFrom('users').select('updated_at').executeTakeFirstOrThrow()
    expect(row.updated_at).toBe(50)
  })

  it('leave nothing when they fail, and let the next one through', async () => {
    const failing = database.db.transaction().execute(async (trx) => {
      await trx.insertInto('users').values(user('ann')).execute()
      throw new Error('no')
    })
    await expect(failing).rejects.toThrow('no')
    await addUser('bob')
    expect(await userIds()).toEqual(['bob'])
  })
})

describe('durable()', () => {
  /** Opens the database anew on a disk that holds every sync back while `hold` is set. */
  const openHeld = async () => {
    await database.close()
    const disk = { syncs: 0, release: Promise.withResolvers<void>() }
    database = await open(async () => {
      disk.syncs += 1
      await disk.release.promise
    })
    return disk
  }

  const isDone = async (promise: Promise<unknown>) => {
    const pending = Symbol('pending')
    return (await Promise.race([promise, new Promise((resolve) => setImmediate(() => resolve(pending)))])) !== pending
  }

  it.each<[string, () => Promise<unknown>]>([
    ['a single statement', () => addUser('ann')],
    [
      'a statement that returns rows',
      () => database.db.insertInto('users').values(user('ann')).returningAll().execute()
    ],
    [
      'a transaction',
      () => database.db.transaction().execute((trx) => trx.insertInto('users').values(user('ann')).execute())
    ]
  ])('waits until %s is on disk', async (_what, write) => {
    const disk = await openHeld()
    disk.release.resolve()
    await database.durable()
    disk.release = Promise.withResolvers()
    await write()
    const durable = database.durable()
    expect(await isDone(durable)).toBe(false)
    disk.release.resolve()
    await durable
  })

  it('does not wait for reading, nor for a transaction that was rolled back', async () => {
    const disk = await openHeld()
    disk.release.resolve()
    await database.durable()
    const before = disk.syncs
    disk.release = Promise.withResolvers()
    await userIds()
    await database.db
      .transaction()
      .execute(async (trx) => {
        await trx.insertInto('users').values(user('ann')).execute()
        throw new Error('no')
      })
      .catch(() => undefined)
    expect(await isDone(database.durable())).toBe(true)
    expect(disk.syncs).toBe(before)
    disk.release.resolve()
  })
})

const MIB = 1024 ** 2
const writeRandom = (bytes: number) =>
  database.db
    .updateTable('users')
    .set({ name: randomBytes(bytes / 2).toString('hex') })
    .execute()

describe('the write-ahead log', () => {
  it('begins anew again and again while somebody always writes and others read', async () => {
    await database.close()
    database = await open(undefined, MIB)
    await addUser('ann')
    let [size, longest, begun, ended] = [0, 0, 0, false]
    const write = async () => {
      while (begun < 4) {
        await writeRandom(MIB / 16)
        const now = await database.logSize()
        // Only the next write after it has been moved cuts it.
        if (now < size) begun += 1
        longest = Math.max(longest, now)
        size = now
        await sleep(4)
      }
      ended = true
    }
    const read = async () => {
      while (!ended) {
        await userIds()
        await sleep(1)
      }
    }
    await Promise.all([write(), read(), read()])
    // As much as is written between two looks, on a busy machine.
    expect(longest).toBeLessThan(48 * MIB)
    expect(lookFailed).toEqual([])
  })
})

describe('a log that cannot be moved', () => {
  it('stops nobody, is told once, and is moved when it can be', async () => {
    await database.close()
    database = await open(undefined, MIB)
    await database.db.insertInto('users').values(user('ann')).execute()
    // The program has the file open; whoever opens it anew finds a folder.
    await rename(path, `${path}-away`)
    await mkdir(path)
    await writeRandom(2 * MIB)
    await waitFor(() => lookFailed.length > 0)
    expect(lookFailed).toEqual([
      expect.objectContaining({ cause: expect.objectContaining({ errcode: 14 }) as unknown })
    ])
    await addUser('bob')
    await database.durable()
    await rmdir(path)
    await rename(`${path}-away`, path)
    await waitFor(async () => (await stat(path)).size > MIB)
    expect(await userIds()).toEqual(['ann', 'bob'])
    expect(lookFailed).toHaveLength(1)
  })
})

describe('findFault', () => {
  it('knows a database that is locked for longer than one waits', () => {
    const other = otherProgram()
    const third = otherProgram()
    other.exec('begin immediate')
    const failure = (() => {
      try {
        third.exec(INSERT)
      } catch (error) {
        return error
      }
    })()
    other.exec('rollback')
    other.close()
    third.close()
    expect(failure).toBeInstanceOf(Error)
    expect(database.findFault(failure)).toBe('database')
  })

  it.each([
    [5, 'database'],
    [517, 'database'], // SQLITE_BUSY_SNAPSHOT
    [8, 'storage'],
    [10, 'storage'],
    [778, 'storage'], // SQLITE_IOERR_WRITE
    [13, 'storage'],
    [14, 'database'],
    [1, undefined],
    [19, undefined],
    [2067, undefined] // SQLITE_CONSTRAINT_UNIQUE
  ])('of errcode %i: %s', (errcode, fault) => {
    expect(database.findFault(Object.assign(new Error('x'), { errcode }))).toBe(fault)
  })

  it('knows that a mistake is none', async () => {
    await addUser('ann')
    const failure = await addUser('ann').catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(Error)
    for (const error of [failure, new Error('x'), undefined, null, 'text']) {
      expect(database.findFault(error)).toBeUndefined()
    }
  })
})
