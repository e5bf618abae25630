import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { CreatedKey, KeyInfo, NewKey } from '../../src/http/dashboard/contract/keys.ts'
import { callJson, type JsonAnswer } from '../support/call-json.ts'
import { readError } from '../support/read-error.ts'
import { startTestGateway, type TestGateway, type TestPerson } from '../support/test-gateway.ts'

interface ErrorBody {
  error: { code: string; message: string; param: string | null }
}

const NO_LIMITS = { imagesPerDay: null, imagesPerMonth: null, maxActive: null, maxPixels: null, models: null }
const PLAIN: NewKey = {
  name: 'laptop',
  scopes: ['generate'],
  expiresAt: null,
  limits: NO_LIMITS,
  rateLimit: null,
  responseFormat: 'url'
}

const MOST_KEYS = 20
const MOST_SECONDS = 10 * 365 * 86_400

let gateway: TestGateway

beforeAll(async () => {
  gateway = await startTestGateway({ env: { INFERENCE_CLUB_LIMITS_KEYS_PER_USER: String(MOST_KEYS) } })
  const owner = await gateway.addUser()
  await gateway.addAgent({ key: owner.key, services: [{}] })
})

afterAll(() => gateway.close())

type Init = Parameters<TestGateway['call']>[1]

const call = <T>({ cookie }: TestPerson, path: string, init: Init = {}): Promise<JsonAnswer<T>> =>
  callJson<T>(gateway, `/api/dashboard/keys${path}`, { ...init, headers: { cookie } })

const list = async (person: TestPerson): Promise<KeyInfo[]> => (await call<KeyInfo[]>(person, '')).body

async function create(person: TestPerson, key: Partial<NewKey> = {}): Promise<CreatedKey> {
  const { status, body } = await call<CreatedKey>(person, '', { json: { ...PLAIN, ...key } })
  expect(status, JSON.stringify(body)).toBe(201)
  return body
}

const revoke = (person: TestPerson, id: string) => call<KeyInfo & ErrorBody>(person, `/${id}`, { method: 'DELETE' })

const statusFor = async (key: string): Promise<number> => {
  const response = await gateway.call('/v1/models', { key })
  await response.arrayBuffer()
  return response.status
}

describe('a new key', () => {
  it('works, is told once, and is listed without its secrets', async () => {
    const person = await gateway.addPerson()
    const { status, headers, body } = await call<CreatedKey>(person, '', { json: PLAIN })
    expect(status).toBe(201)
    expect(headers.get('cache-control')).toBe('no-store')
    expect(body).toEqual({
      key: {
        id: expect.stringMatching(/^key_/) as unknown,
        name: 'laptop',
        prefix: body.secret.slice(0, 10),
        scopes: ['generate'],
        createdAt: expect.any(Number) as unknown,
        expiresAt: null,
        revokedAt: null,
        lastUsedAt: null,
        limits: NO_LIMITS,
        rateLimit: null,
        responseFormat: 'url',
        visibility: null,
        expiresIn: null
      },
      secret: expect.stringMatching(/^ic_.{20,}/) as unknown,
      webhookSecret: expect.stringMatching(/^whsec_.+/) as unknown
    })
    expect(await statusFor(body.secret)).toBe(200)
    expect(await list(person)).toEqual([body.key])
  })

  it('that names no form of answers says so', async () => {
    const { key } = await create(await gateway.addPerson(), { ...PLAIN, responseFormat: null })
    expect(key.responseFormat).toBeNull()
  })

  it('carries its limits', async () => {
    const person = await gateway.addPerson()
    const key: NewKey = {
      name: 'small',
      scopes: ['generate', 'agent', 'usage'],
      expiresAt: Date.now() + 3_600_000,
      limits: { imagesPerDay: 1, imagesPerMonth: 20, maxActive: 3, maxPixels: 4096, models: ['demo'] },
      rateLimit: 100,
      responseFormat: 'b64_json'
    }
    const { key: made, secret } = await create(person, key)
    expect(made).toMatchObject(key)
    const generate = (fields: Record<string, unknown>) =>
      callJson<ErrorBody & { data: { b64_json?: string }[] }>(gateway, '/v1/images/generations', {
        key: secret,
        json: { model: 'demo', prompt: 'a red fox', size: '32x32', steps: 1, ...fields }
      })
    const { status, headers, body } = await generate({})
    expect(status, JSON.stringify(body)).toBe(200)
    expect(body.data[0]?.b64_json).toBeTypeOf('string')
    expect(headers.get('x-ratelimit-limit-requests')).toBe('100')
    expect((await generate({ model: 'other' })).body.error).toMatchObject({ code: 'permission_denied', param: 'model' })
    expect((await generate({})).body.error.code).toBe('insufficient_quota')
  })

  it('may do what the role of its holder allows', async () => {
    const [member, admin] = [await gateway.addPerson(), await gateway.addPerson({ role: 'admin' })]
    const refused = await call<ErrorBody>(member, '', { json: { ...PLAIN, scopes: ['generate', 'admin'] } })
    expect([refused.status, refused.body.error]).toMatchObject([400, { code: 'invalid_request', param: 'scopes' }])
    const { key } = await create(admin, { scopes: ['generate', 'admin'] })
    expect(key.scopes).toEqual(['generate', 'admin'])
  })

  it('that is refused names the field, and is not made', async () => {
    const person = await gateway.addPerson()
    const bad: [Record<string, unknown>, string][] = [
      [{ name: '' }, 'name'],
      [{ expiresAt: 5 }, 'expiresAt'],
      [{ limits: { ...NO_LIMITS, maxActive: 0 } }, 'limits.maxActive'],
      [{ limits: { ...NO_LIMITS, models: [] } }, 'limits.models'],
      [{ expiresIn: 59 }, 'expiresIn'],
      [{ expiresIn: MOST_SECONDS + 1 }, 'expiresIn'],
      [{ replacesUnused: 'maybe' }, 'replacesUnused'],
      [{ visibility: 'MINE' }, 'visibility']
    ]
    for (const [fields, param] of bad) {
      const { status, body } = await call<ErrorBody>(person, '', { json: { ...PLAIN, ...fields } })
      expect([status, body.error]).toMatchObject([400, { code: 'invalid_request', param }])
    }
    expect(await list(person)).toEqual([])
  })

  it('takes the place of those like it that nobody has used, when that is asked for, and of no other', async () => {
    const person = await gateway.addPerson()
    const other = await gateway.addPerson()
    const machine = { name: 'rig', scopes: ['agent'] as const, responseFormat: null, replacesUnused: true }
    const like = async (who: TestPerson, change: Partial<NewKey> = {}) =>
      create(who, { ...machine, scopes: [...machine.scopes], ...change })
    const used = await like(person)
    await statusFor(used.secret)
    const differing = [
      await like(person, { name: 'attic' }),
      await like(person, { scopes: ['agent', 'generate'] }),
      await like(person, { expiresAt: Date.now() + 3_600_000 }),
      await like(person, { limits: { ...NO_LIMITS, maxActive: 1 } }),
      await like(person, { responseFormat: 'url' }),
      await like(person, { visibility: 'SECRET' }),
      await like(person, { expiresIn: 0 }),
      await like(other)
    ]
    const first = await like(person)
    const kept = await like(person, { replacesUnused: false })
    expect(await statusFor(first.secret)).not.toBe(401)
    const second = await create(person, { ...PLAIN, name: 'rig', scopes: ['agent'], responseFormat: null })
    const last = await like(person)
    const counts = async (keys: CreatedKey[]) =>
      Promise.all(keys.map(async ({ secret }) => (await statusFor(secret)) !== 401))
    expect(await counts([kept, second])).toEqual([false, false])
    // One that was used a moment ago counts as used.
    expect(await counts([first, used, last, ...differing])).not.toContain(false)
    const revoked = (await list(person)).filter(({ revokedAt }) => revokedAt !== null).map(({ id }) => id)
    expect(revoked.toSorted()).toEqual([kept.key.id, second.key.id].toSorted())
  })

  it('is one of these alone, whichever of two windows asked for it last', async () => {
    const person = await gateway.addPerson()
    await Promise.all(Array.from({ length: 4 }, () => create(person, { scopes: ['agent'], replacesUnused: true })))
    const left = (await list(person)).filter(({ revokedAt }) => revokedAt === null)
    expect(left).toHaveLength(1)
  })

  it('is one too many past the limit, also when many are made at once', async () => {
    const person = await gateway.addPerson()
    const statuses = await Promise.all(
      Array.from({ length: MOST_KEYS + 3 }, async () => (await call(person, '', { json: PLAIN })).status)
    )
    expect(statuses.filter((status) => status === 201)).toHaveLength(MOST_KEYS)
    const refused = await call<ErrorBody>(person, '', { json: PLAIN })
    expect([refused.status, refused.body.error.code]).toEqual([409, 'conflict'])
    expect(refused.body.error.message).toContain('LIMITS_KEYS_PER_USER')
  })

  it('takes the place of one that is revoked, unless that was made within a day', async () => {
    const person = await gateway.addPerson()
    const made: CreatedKey[] = []
    for (let i = 0; i < MOST_KEYS; i++) made.push(await create(person))
    const [{ key }] = made as [CreatedKey]
    await revoke(person, key.id)
    expect((await call(person, '', { json: PLAIN })).status).toBe(409)
    await gateway.database.db
      .updateTable('api_keys')
      .set((e) => ({ created_at: e('created_at', '-', 86_400_000) }))
      .where('id', '=', key.id)
      .execute()
    await create(person)
    expect((await call(person, '', { json: PLAIN })).status).toBe(409)
  })
})

describe('the list of keys', () => {
  it('is one’s own, newest first, with what counts no more', async () => {
    const [person, other] = [await gateway.addPerson(), await gateway.addPerson()]
    const made = [await create(person, { name: 'first' }), await create(person, { name: 'second' })]
    await gateway.addKey(person, { name: 'expired', expiresAt: Date.now() - 1 })
    await create(other)
    await revoke(person, made[0]!.key.id)
    const keys = await list(person)
    // Those of the same millisecond have no order that means anything.
    expect(keys.map(({ createdAt }) => createdAt)).toEqual(keys.map(({ createdAt }) => createdAt).sort((a, b) => b - a))
    expect(new Set(keys.map(({ name }) => name))).toEqual(new Set(['first', 'second', 'expired']))
    const named = (name: string) => keys.find((key) => key.name === name)
    expect(named('first')?.revokedAt).toBeTypeOf('number')
    expect(named('second')?.revokedAt).toBeNull()
    expect(named('expired')?.expiresAt).toBeLessThan(Date.now())
  })

  it('tells when a key was last used', async () => {
    const person = await gateway.addPerson()
    const { secret } = await create(person)
    expect(await statusFor(secret)).toBe(200)
    await gateway.gateway.context.apiKeys.flushLastUsed()
    expect((await list(person))[0]?.lastUsedAt).toBeTypeOf('number')
  })
})

describe('a revocation', () => {
  it('counts at once, and once', async () => {
    const person = await gateway.addPerson()
    const { key, secret } = await create(person)
    expect(await statusFor(secret)).toBe(200)
    const first = await revoke(person, key.id)
    expect(first.status).toBe(200)
    expect(first.body).toMatchObject({ id: key.id, name: key.name, revokedAt: expect.any(Number) as unknown })
    expect(await statusFor(secret)).toBe(401)
    const again = await revoke(person, key.id)
    expect([again.status, again.body.revokedAt]).toEqual([200, first.body.revokedAt])
  })

  it('ends the connection of an agent that uses the key', async () => {
    const person = await gateway.addPerson()
    const { key, secret } = await create(person, { scopes: ['agent'] })
    const agent = await gateway.addAgent({
      key: secret,
      services: [{ models: [{ id: 'own-rig', servedAs: 'demo', features: ['generate'] }] }]
    })
    const refused = await gateway.call('/v1/images/generations', {
      key: secret,
      json: { model: 'own-rig', prompt: 'a fox' }
    })
    expect((await readError(refused)).message).toMatch(/use another, or make one in the dashboard under API keys\.$/)
    await revoke(person, key.id)
    await expect(agent.finished).rejects.toThrow()
  })

  it('is for one’s own keys, for admins as well', async () => {
    const [person, admin] = [await gateway.addPerson(), await gateway.addPerson({ role: 'admin' })]
    const { key, secret } = await create(person)
    for (const id of [key.id, 'key_unknown']) {
      const { status, body } = await revoke(admin, id)
      expect([status, body.error.code]).toEqual([404, 'not_found'])
    }
    expect(await statusFor(secret)).toBe(200)
  })
})

describe('keys', () => {
  it('are for those who are signed in, not for keys', async () => {
    const { key } = await gateway.addUser()
    for (const init of [{ key }, { key, json: PLAIN }]) {
      const { status, body } = await callJson<ErrorBody>(gateway, '/api/dashboard/keys', init)
      expect([status, body.error.code]).toEqual([401, 'not_signed_in'])
    }
  })

  it('of members ask for no more requests per minute than the server gives', async () => {
    const strict = await startTestGateway({ env: { INFERENCE_CLUB_RATE_LIMIT: '1000' } })
    try {
      const post = async (role: 'member' | 'admin', rateLimit: number) => {
        const { cookie } = await strict.addPerson({ role })
        const json = { ...PLAIN, rateLimit }
        return callJson<ErrorBody>(strict, '/api/dashboard/keys', { json, headers: { cookie } })
      }
      const { status, body } = await post('member', 1001)
      expect([status, body.error.param]).toEqual([400, 'rateLimit'])
      expect([(await post('member', 1000)).status, (await post('admin', 0)).status]).toEqual([201, 201])
    } finally {
      await strict.close()
    }
  })
})

describe('the limits of a key', () => {
  const change = (person: TestPerson, id: string, json: unknown) =>
    call<KeyInfo & ErrorBody>(person, `/${id}`, { method: 'PATCH', json })
  const generate = (key: string) =>
    callJson<ErrorBody>(gateway, '/v1/images/generations', {
      key,
      json: { model: 'demo', prompt: 'a red fox', size: '32x32', steps: 1 }
    })

  it('are changed at once, and its secret stays', async () => {
    const person = await gateway.addPerson()
    const { key, secret } = await create(person, { limits: { ...NO_LIMITS, imagesPerDay: 1, maxActive: 3 } })
    expect((await generate(secret)).status).toBe(200)
    expect((await generate(secret)).body.error.code).toBe('insufficient_quota')
    const limits = { ...NO_LIMITS, imagesPerDay: 2, models: ['demo'] }
    const { status, body } = await change(person, key.id, { limits, rateLimit: 50 })
    expect(status, JSON.stringify(body)).toBe(200)
    expect(body).toMatchObject({ id: key.id, name: key.name, scopes: key.scopes, limits, rateLimit: 50 })
    expect((await list(person))[0]).toEqual(body)
    const again = await generate(secret)
    expect([again.status, again.headers.get('x-ratelimit-limit-requests')]).toEqual([200, '50'])
    expect((await generate(secret)).body.error.code).toBe('insufficient_quota')
    expect((await change(person, key.id, { limits: NO_LIMITS, rateLimit: null })).body.rateLimit).toBeNull()
    expect((await generate(secret)).status).toBe(200)
  })

  it('go with who sees what it makes, which stays where nothing is said of it', async () => {
    const person = await gateway.addPerson()
    const { key } = await create(person, { visibility: 'SECRET' })
    const saying = async (json: object) =>
      (await change(person, key.id, { limits: NO_LIMITS, rateLimit: null, ...json })).body.visibility
    expect(await saying({})).toBe('SECRET')
    expect(await saying({ visibility: 'PRIVATE' })).toBe('PRIVATE')
    expect((await list(person))[0]?.visibility).toBe('PRIVATE')
    expect(await saying({ visibility: null })).toBeNull()
    const kept = async (json: object) => {
      const { status, body } = await change(person, key.id, { limits: NO_LIMITS, rateLimit: null, ...json })
      return status === 200 ? body.expiresIn : [status, body.error.param]
    }
    expect([await kept({ expiresIn: 60 }), await kept({}), await kept({ expiresIn: 0 })]).toEqual([60, 60, 0])
    expect(await kept({ expiresIn: null })).toBeNull()
    expect(await kept({ expiresIn: MOST_SECONDS })).toBe(MOST_SECONDS)
    for (const wrong of [59, -1, MOST_SECONDS + 1]) expect(await kept({ expiresIn: wrong })).toEqual([400, 'expiresIn'])
    const refused = await change(person, key.id, { limits: NO_LIMITS, rateLimit: null, visibility: 'MINE' })
    expect([refused.status, refused.body.error.param]).toEqual([400, 'visibility'])
  })

  it('have the bounds of new ones', async () => {
    const person = await gateway.addPerson()
    const { key } = await create(person)
    const refused = async (json: unknown) => {
      const { status, body } = await change(person, key.id, json)
      return [status, body.error.param]
    }
    expect(await refused({ limits: { imagesPerDay: 0 } })).toEqual([400, 'limits.imagesPerDay'])
    expect(await refused({ limits: { models: [] } })).toEqual([400, 'limits.models'])
    expect(await refused({ limits: NO_LIMITS, rateLimit: 0 })).toEqual([400, 'rateLimit'])
    expect(await refused({ limits: NO_LIMITS, scopes: ['admin'] })).toEqual([400, 'scopes'])
    expect((await list(person))[0]).toEqual(key)
  })

  it('may keep a rate that only an admin could give', async () => {
    const person = await gateway.addPerson()
    const { keyId } = await gateway.addKey(person, { rateLimit: 0 })
    expect((await change(person, keyId, { limits: NO_LIMITS, rateLimit: 0 })).body.rateLimit).toBe(0)
    expect((await change(person, keyId, { limits: NO_LIMITS, rateLimit: 5 })).body.rateLimit).toBe(5)
    expect((await change(person, keyId, { limits: NO_LIMITS, rateLimit: 0 })).status).toBe(400)
  })

  it("are nobody else's to change, nor those of a revoked key", async () => {
    const person = await gateway.addPerson()
    const { key } = await create(person)
    const admin = await gateway.addPerson({ role: 'admin' })
    const limits = { ...NO_LIMITS, imagesPerDay: 5 }
    expect((await change(admin, key.id, { limits, rateLimit: null })).status).toBe(404)
    await revoke(person, key.id)
    expect((await change(person, key.id, { limits, rateLimit: null })).status).toBe(409)
    expect((await list(person))[0]?.limits).toEqual(NO_LIMITS)
  })
})
