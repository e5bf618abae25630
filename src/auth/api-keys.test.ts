import { createHash } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Database } from '../db/database.ts'
import { type ApiKeyStore, createApiKeyStore } from './api-key-store.ts'
import { type ApiKeys, createApiKeys } from './api-keys.ts'
import { createUserStore, type UserRow } from '../people/user-store.ts'
import { LATEST_TIME } from '../lib/bounds.ts'
import { DAY_MS, MINUTE_MS } from '../lib/durations.ts'
import { openTestDatabase } from '../../tests/support/open-test-database.ts'

const REFUSED = { code: 'invalid_api_key', status: 401 }

let database: Database
let user: UserRow
let now = 1_000_000
let users = 0

/** Keys over the real store, which counts what it is asked for. */
let store: ApiKeyStore
let reads: number
/** Held back, when set, after the row was read. */
let gate: Promise<void> | undefined
let keys: ApiKeys

beforeAll(async () => {
  database = await openTestDatabase({ clock: { now: () => now } })
})

afterAll(async () => {
  await database.close()
})

beforeEach(async () => {
  const email = `user-${++users}@example.org`
  const made = await createUserStore(database).addUser({ email, name: 'Somebody', role: 'member' })
  if (!made) throw new Error('the user was not made')
  user = made
  reads = 0
  gate = undefined
  const real = createApiKeyStore(database)
  store = {
    ...real,
    findKeyByHash: async (hash) => {
      reads += 1
      const row = await real.findKeyByHash(hash)
      await gate
      return row
    }
  }
  keys = createApiKeys({ store, clock: database.clock, bell: database.bell })
  return () => keys.close()
})

const create = (options: { expiresAt?: number; name?: string; secret?: string } = {}) =>
  keys.create({ userId: user.id, name: 'test', ...options })

describe('a key that is warm', () => {
  it('costs no database read', async () => {
    const { secret, id } = await create()
    const first = await keys.authenticate(secret)
    expect(first).toMatchObject({
      userId: user.id,
      email: user.email,
      role: 'member',
      keyId: id,
      scopes: ['generate', 'agent']
    })
    expect(reads).toBe(1)
    for (let call = 0; call < 100; call++) expect(await keys.authenticate(secret)).toEqual(first)
    expect(reads).toBe(1)
  })

  it('is read again after any key has changed', async () => {
    const { secret } = await create()
    await keys.authenticate(secret)
    await create()
    await keys.authenticate(secret)
    expect(reads).toBe(2)
  })

  it('that is unknown is looked for each time, because it may be made meanwhile', async () => {
    const secret = 'ic_0123456789012345678901234567890123456789'
    await expect(keys.authenticate(secret)).rejects.toMatchObject(REFUSED)
    await createApiKeyStore(database).insertKey(rowOf(secret, await someRow()), { most: 10 })
    await expect(keys.authenticate(secret)).resolves.toMatchObject({ userId: user.id })
  })

  it('of another kind is not looked for at all', async () => {
    for (const secret of [undefined, '', 'sk-1234', 'IC_1234', ' ic_1234']) {
      await expect(keys.authenticate(secret)).rejects.toMatchObject(REFUSED)
    }
    expect(reads).toBe(0)
  })
})

describe('a key that is revoked', () => {
  it('counts no more, warm or cold', async () => {
    const [warm, cold] = [await create(), await create()]
    await keys.authenticate(warm.secret)
    for (const { id, secret } of [warm, cold]) {
      expect(await keys.stillCounts(id)).toBe(true)
      expect(await keys.revoke(id)).toBe(true)
      await expect(keys.authenticate(secret)).rejects.toMatchObject(REFUSED)
      expect(await keys.stillCounts(id)).toBe(false)
      expect(await keys.revoke(id)).toBe(false)
    }
  })

  it('elsewhere counts no more as soon as the bell rings', async () => {
    const { id, secret } = await create()
    await keys.authenticate(secret)
    await createApiKeyStore(database).revokeKey(id)
    database.bell.ring('keys')
    await expect(keys.authenticate(secret)).rejects.toMatchObject(REFUSED)
  })

  it('while it is being read is not remembered as valid', async () => {
    const { id, secret } = await create()
    const held = Promise.withResolvers<undefined>()
    gate = held.promise
    const reading = keys.authenticate(secret)
    await keys.revoke(id)
    held.resolve(undefined)
    await reading
    await expect(keys.authenticate(secret)).rejects.toMatchObject(REFUSED)
  })

  it('is one of many: the others go on', async () => {
    const [first, second] = [await create(), await create()]
    await keys.revoke(first.id)
    expect(await keys.authenticate(second.secret)).toMatchObject({ keyId: second.id })
  })
})

describe('a key that expires', () => {
  it('counts until that moment and not at it, also when it is warm', async () => {
    const { id, secret } = await create({ expiresAt: now + 1000 })
    await keys.authenticate(secret)
    now += 999
    await keys.authenticate(secret)
    expect(await keys.stillCounts(id)).toBe(true)
    now += 1
    await expect(keys.authenticate(secret)).rejects.toMatchObject(REFUSED)
    expect(await keys.stillCounts(id)).toBe(false)
  })

  it('may never do so', async () => {
    const { secret } = await create()
    now += 1000 * 365 * 86_400_000
    await expect(keys.authenticate(secret)).resolves.toMatchObject({ userId: user.id })
  })
})

describe('a key that is made', () => {
  it('is stored as its hash and its visible beginning', async () => {
    const { id, secret, prefix } = await create()
    const row = await database.db.selectFrom('api_keys').selectAll().where('id', '=', id).executeTakeFirstOrThrow()
    expect(row.hash).toBe(createHash('sha256').update(secret).digest('hex'))
    expect(row.prefix).toBe(prefix)
    expect(secret.startsWith(prefix)).toBe(true)
    expect(prefix).toHaveLength(10)
    expect(Object.values(row)).not.toContain(secret)
  })

  it('may have a secret that the operator chose', async () => {
    const secret = 'ic_chosen_by_the_operator_of_it'
    expect(await create({ secret })).toMatchObject({ secret })
    await expect(keys.authenticate(secret)).resolves.toMatchObject({ userId: user.id })
  })

  it('lasts until the end of the year 9999 at most', async () => {
    await expect(create({ expiresAt: LATEST_TIME })).resolves.toMatchObject({ prefix: expect.any(String) as string })
    const beyond = create({ expiresAt: LATEST_TIME + 1 })
    await expect(beyond).rejects.toMatchObject({ code: 'invalid_request', param: 'expiresAt' })
  })

  it('that is revoked takes the place of another for a day, and not a moment longer', async () => {
    const made = await create()
    await keys.revoke(made.id)
    const another = () => keys.create({ userId: user.id, name: 'another' }, 1)
    const began = now
    now = began + DAY_MS - 1
    await expect(another()).rejects.toMatchObject({ code: 'conflict' })
    now = began + DAY_MS
    await expect(another()).resolves.toBeDefined()
    now = began
  })

  it('in place of another takes only those of that user and name', async () => {
    const [other, old] = [await create({ name: 'other' }), await keys.replace({ userId: user.id, name: 'demo' })]
    await keys.authenticate(old.secret)
    const fresh = await keys.replace({ userId: user.id, name: 'demo' })
    await expect(keys.authenticate(old.secret)).rejects.toMatchObject(REFUSED)
    for (const { secret } of [other, fresh]) await keys.authenticate(secret)
    expect((await keys.list({ userId: user.id })).map(({ name }) => name).sort()).toEqual(['demo', 'other'])
  })
})

describe('the last use', () => {
  const lastUsed = async (id: string) =>
    (await keys.list({ userId: user.id })).find((key) => key.id === id)?.last_used_at

  it('is written down when it is time, for keys that were accepted', async () => {
    const [used, unused, revoked] = [await create(), await create(), await create()]
    await keys.revoke(revoked.id)
    await keys.authenticate(used.secret)
    await expect(keys.authenticate(revoked.secret)).rejects.toMatchObject(REFUSED)
    expect(await lastUsed(used.id)).toBeNull()
    await keys.flushLastUsed()
    expect(await lastUsed(used.id)).toBe(now)
    expect([await lastUsed(unused.id), await lastUsed(revoked.id)]).toEqual([null, null])
  })

  it('goes on while an agent is connected by a key that counts, and is written once a minute', async () => {
    const [used, revoked] = [await create(), await create()]
    await keys.authenticate(used.secret)
    await keys.revoke(revoked.id)
    const connected = async (afterMs: number) => {
      now += afterMs
      expect([await keys.findEnd(used.id), await keys.findEnd(revoked.id)]).toEqual([undefined, expect.any(String)])
      await keys.flushLastUsed()
      return lastUsed(used.id)
    }
    await keys.flushLastUsed()
    const first = now
    expect(await connected(MINUTE_MS - 1)).toBe(first)
    expect(await connected(1)).toBe(first + MINUTE_MS)
    expect(await lastUsed(revoked.id)).toBeNull()
  })
})

it('the first key of an installation is made once, however many ask at the same time', async () => {
  await database.db.deleteFrom('api_keys').execute()
  const asked = [1, 2, 3].map(() => keys.createFirst({ userId: user.id, name: 'first key' }))
  const [first, ...others] = (await Promise.all(asked)).filter((made) => made !== undefined)
  expect(others).toEqual([])
  expect((await keys.list()).map(({ id }) => id)).toEqual([first?.id])
  await keys.revoke(first?.id ?? '')
  expect(await keys.createFirst({ userId: user.id, name: 'first key' })).toBeUndefined()
})

/** Any row of the user, to make another one like it. */
async function someRow() {
  const { id } = await create()
  return database.db.selectFrom('api_keys').selectAll().where('id', '=', id).executeTakeFirstOrThrow()
}

const rowOf = (secret: string, like: Awaited<ReturnType<typeof someRow>>) => ({
  ...like,
  id: `${like.id}-copy`,
  hash: createHash('sha256').update(secret).digest('hex')
})
