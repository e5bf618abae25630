import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createApiKeyStore } from '../../src/auth/api-key-store.ts'
import { generate } from '../support/image-calls.ts'
import { readError } from '../support/read-error.ts'
import { startTestGateway, type TestGateway } from '../support/test-gateway.ts'
import { waitFor } from '../support/wait-for.ts'
import { openTestDatabase } from '../support/open-test-database.ts'

let gateway: TestGateway

beforeAll(async () => {
  gateway = await startTestGateway()
})

afterAll(() => gateway.close())

const statusFor = async (key: string): Promise<number> => {
  const response = await gateway.call('/v1/models', { key })
  if (response.status === 401) expect((await readError(response)).code).toBe('invalid_api_key')
  else await response.arrayBuffer()
  return response.status
}

describe('a revocation', () => {
  it('counts from the next call on', async () => {
    const [user, other] = [await gateway.addUser(), await gateway.addUser()]
    expect(await statusFor(user.key)).toBe(200)
    expect(await gateway.gateway.context.apiKeys.revoke(user.keyId)).toBe(true)
    expect(await statusFor(user.key)).toBe(401)
    expect(await statusFor(other.key)).toBe(200)
    expect(await gateway.gateway.context.apiKeys.revoke(user.keyId)).toBe(false)
  })

  it('that another process wrote counts within a second', async () => {
    const { key, keyId } = await gateway.addUser()
    const elsewhere = await openTestDatabase({ dataDir: gateway.dataDir, clock: gateway.database.clock })
    try {
      expect(await statusFor(key)).toBe(200)
      expect(await createApiKeyStore(elsewhere).revokeKey(keyId)).toBe(true)
      await waitFor(async () => (await statusFor(key)) === 401, 1000)
    } finally {
      await elsewhere.close()
    }
  })

  it('ends the connection of an agent that uses the key', async () => {
    const [owner, caller] = [await gateway.addUser(), await gateway.addUser()]
    const agent = await gateway.addAgent({
      key: owner.key,
      services: [{ models: [{ id: 'revoked-rig', servedAs: 'demo', features: ['generate'] }] }]
    })
    expect((await generate(caller.client, { model: 'revoked-rig' })).data).toHaveLength(1)
    await gateway.gateway.context.apiKeys.revoke(owner.keyId)
    await expect(agent.finished).rejects.toThrow()
    const { data } = await caller.client.models.list()
    expect(data.map((model) => model.id)).not.toContain('revoked-rig')
  })
})

describe('an expiry', () => {
  // That it counts for a key in use from its moment on is tested with a clock beside src/auth/api-keys.ts.
  it('in the past counts, one in the future does not yet', async () => {
    const { apiKeys } = gateway.gateway.context
    const over = await gateway.addUser({ expiresAt: Date.now() - 1 })
    const later = await gateway.addUser({ expiresAt: Date.now() + 3_600_000 })
    expect([await statusFor(over.key), await statusFor(later.key)]).toEqual([401, 200])
    expect([await apiKeys.stillCounts(over.keyId), await apiKeys.stillCounts(later.keyId)]).toEqual([false, true])
  })
})

describe('a key that is replaced', () => {
  it('stops counting, and others of the same user do not', async () => {
    const { apiKeys } = gateway.gateway.context
    const user = await gateway.addUser()
    const first = await apiKeys.replace({ userId: user.id, name: 'demo agent' })
    expect(await statusFor(first.secret)).toBe(200)
    const second = await apiKeys.replace({ userId: user.id, name: 'demo agent' })
    expect(second.secret).not.toBe(first.secret)
    expect([await statusFor(first.secret), await statusFor(second.secret)]).toEqual([401, 200])
    expect(await statusFor(user.key)).toBe(200)
    const names = (await apiKeys.list({ userId: user.id })).map((key) => key.name)
    expect(names.sort()).toEqual(['demo agent', 'test'])
  })
})

describe('the secret', () => {
  it('is on no disk: only its hash and its visible beginning are', async () => {
    const user = await gateway.addUser()
    await generate(user.client, { model: 'nobody-has-it' }).catch(() => undefined)
    await gateway.database.durable()
    const entries = await readdir(gateway.dataDir, { recursive: true, withFileTypes: true })
    const files = entries.filter((entry) => entry.isFile())
    const contents = await Promise.all(files.map((file) => readFile(join(file.parentPath, file.name))))
    expect(contents.some((bytes) => bytes.includes(user.key.slice(0, 10)))).toBe(true)
    for (const bytes of contents) {
      expect(bytes.includes(user.key)).toBe(false)
      // Nor without its prefix.
      expect(bytes.includes(user.key.slice(10))).toBe(false)
    }
  })

  it('is in no list of keys', async () => {
    const { key, id } = await gateway.addUser()
    const listed = await gateway.gateway.context.apiKeys.list({ userId: id })
    expect(listed).toHaveLength(1)
    expect(JSON.stringify(listed)).not.toContain(key)
    expect(key.startsWith(listed[0]?.prefix ?? 'none')).toBe(true)
    expect(listed[0]?.prefix.length).toBeLessThan(12)
  })

  it('begins with ic_ and cannot be guessed', async () => {
    const { apiKeys } = gateway.gateway.context
    const { id } = await gateway.addUser()
    const made = await Promise.all(Array.from({ length: 20 }, () => apiKeys.create({ userId: id, name: 'many' })))
    const secrets = made.map(({ secret }) => secret)
    expect(new Set(secrets).size).toBe(20)
    // 40 letters of 36: more than 200 random bits.
    for (const secret of secrets) expect(secret).toMatch(/^ic_[a-z0-9]{40}$/)
  })
})
