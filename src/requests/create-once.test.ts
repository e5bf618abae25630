import { DAY_MS } from '../lib/durations.ts'
import { setImmediate } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Database } from '../db/database.ts'
import { errors } from '../lib/errors.ts'
import { createOnce, type Once } from './create-once.ts'
import { endIdempotencyKeys, forgetIdempotencyKeys } from './idempotency-store.ts'
import { openTestDatabase } from '../../tests/support/open-test-database.ts'

const USER = { id: 'usr_1', name: 'u', email: 'u@example.org', role: 'member', created_at: 1, updated_at: 1 }

let database: Database
let now = 1_800_000_000_000

beforeAll(async () => {
  database = await openTestDatabase({ clock: { now: () => now } })
  await database.db.insertInto('users').values(USER).execute()
})

afterAll(async () => {
  await database.close()
})

let keys = 0

const newKey = (change: Partial<Once> = {}): Once => ({
  userId: USER.id,
  endpoint: 'generation',
  key: `key-${++keys}`,
  fingerprint: 'one',
  ...change
})

let targets = 0

/** Creates a batch row of its own, after `before` has had its say, in one transaction with the key. */
const create = (once: Once | undefined, before: () => Promise<void> = async () => undefined) =>
  createOnce({ database }, once, async (bind) => {
    await setImmediate()
    return database.db.transaction().execute(async (trx) => {
      await before()
      const id = `bat_${++targets}`
      await trx.insertInto('batches').values({ id, user_id: USER.id, label: null, created_at: now }).execute()
      await bind(trx, id)
      return id
    })
  })

const countTargets = async () => (await database.db.selectFrom('batches').select('id').execute()).length

describe('createOnce', () => {
  it('creates each time without a key, and once with one', async () => {
    const before = await countTargets()
    expect([await create(undefined), await create(undefined)].map(({ repeated }) => repeated)).toEqual([false, false])
    const once = newKey()
    const first = await create(once)
    expect(first.repeated).toBe(false)
    expect(await create(once)).toEqual({ id: first.id, repeated: true })
    expect(await countTargets()).toBe(before + 3)
  })

  it('creates once for all that come at the same time, and keeps nothing of the slower ones', async () => {
    const before = await countTargets()
    const once = newKey()
    const answers = await Promise.all(Array.from({ length: 20 }, () => create(once)))
    expect(new Set(answers.map(({ id }) => id)).size).toBe(1)
    expect(answers.filter(({ repeated }) => !repeated)).toHaveLength(1)
    expect(await countTargets()).toBe(before + 1)
  })

  it('lets those at the same time share what was created even when they are refused themselves', async () => {
    let places = 1
    const takePlace = async () => {
      if (places-- <= 0) throw errors.queueFull('full')
    }
    const once = newKey()
    const answers = await Promise.all(Array.from({ length: 5 }, () => create(once, takePlace)))
    expect(new Set(answers.map(({ id }) => id)).size).toBe(1)
  })

  it('leaves the key free when nothing came of it', async () => {
    const once = newKey()
    await expect(create(once, () => Promise.reject(errors.queueFull('full')))).rejects.toMatchObject({
      code: 'queue_full'
    })
    expect(await create({ ...once, fingerprint: 'another' })).toMatchObject({ repeated: false })
  })

  it('refuses another meaning, at the same time as well', async () => {
    const once = newKey()
    await create(once)
    const mismatch = { code: 'idempotency_mismatch', status: 409, retry: false }
    await expect(create({ ...once, fingerprint: 'two' })).rejects.toMatchObject(mismatch)
    const racing = newKey()
    const outcomes = await Promise.allSettled(['one', 'two'].map((fingerprint) => create({ ...racing, fingerprint })))
    expect(outcomes.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected'])
    expect(outcomes.find((one) => one.status === 'rejected')?.reason).toMatchObject(mismatch)
  })

  it('takes the same key of another user or endpoint for another', async () => {
    const once = newKey()
    const ids = [
      await create(once),
      await create({ ...once, userId: 'usr_2' }),
      await create({ ...once, endpoint: 'edit' })
    ]
    expect(new Set(ids.map(({ id }) => id)).size).toBe(3)
  })
})

describe('the key of something deleted', () => {
  it('counts until a day after it was made, and then no more', async () => {
    const once = newKey()
    const { id } = await create(once)
    now += DAY_MS / 2
    await database.db.transaction().execute((trx) => endIdempotencyKeys(trx, [id]))
    now += DAY_MS / 2 - 1
    expect(await create(once)).toEqual({ id, repeated: true })
    now += 1
    const again = await create({ ...once, fingerprint: 'two' })
    expect(again.repeated).toBe(false)
    expect(await create({ ...once, fingerprint: 'two' })).toEqual({ id: again.id, repeated: true })
  })

  it('is forgotten then, and no other', async () => {
    const [gone, kept] = [newKey(), newKey()]
    const { id } = await create(gone)
    await create(kept)
    await database.db.transaction().execute((trx) => endIdempotencyKeys(trx, [id]))
    const keysLeft = async () =>
      (await database.db.selectFrom('idempotency_keys').select('key').execute()).map(({ key }) => key)
    now += DAY_MS - 1
    await forgetIdempotencyKeys(database.db, now)
    expect(await keysLeft()).toEqual(expect.arrayContaining([gone.key, kept.key]))
    now += 1
    await forgetIdempotencyKeys(database.db, now)
    expect(await keysLeft()).toContain(kept.key)
    expect(await keysLeft()).not.toContain(gone.key)
  })
})
