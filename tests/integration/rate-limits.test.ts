import OpenAI from 'openai'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { LEAST_OF_SESSIONS } from '../../src/auth/rate-limits.ts'
import { formatReset } from '../../src/http/hooks/limit-rates.ts'
import { readError } from '../support/read-error.ts'
import { startTestGateway, type TestGateway } from '../support/test-gateway.ts'

let gateway: TestGateway
beforeAll(async () => {
  gateway = await startTestGateway({
    env: { INFERENCE_CLUB_RATE_LIMIT: '5', INFERENCE_CLUB_LIMITS_WRONG_KEYS_PER_MINUTE: '3' }
  })
})
afterAll(() => gateway.close())

const models = (key: string) => gateway.call('/v1/models', { key })

describe('requests per minute', () => {
  it('are told with every answer, and refused past the limit for at most a minute', async () => {
    const { key } = await gateway.addUser()
    for (let left = 4; left >= 0; left--) {
      const answer = await models(key)
      expect(answer.status).toBe(200)
      expect(answer.headers.get('x-ratelimit-limit-requests')).toBe('5')
      expect(answer.headers.get('x-ratelimit-remaining-requests')).toBe(String(left))
      expect(answer.headers.get('x-ratelimit-reset-requests')).toMatch(/^(\d+m)?\d+(ms|s)$/)
    }
    const refused = await models(key)
    expect(refused.status).toBe(429)
    expect(await refused.json()).toMatchObject({ error: { code: 'rate_limit_exceeded', type: 'rate_limit_exceeded' } })
    const wait = Number(refused.headers.get('retry-after'))
    expect(wait).toBeGreaterThan(0)
    expect(wait).toBeLessThanOrEqual(59)
    expect(refused.headers.get('retry-after-ms')).toBe(String(wait * 1000))
    expect(refused.headers.get('x-should-retry')).toBeNull()
  })

  it('are limited unless the operator says otherwise', async () => {
    const usual = await startTestGateway({ env: { INFERENCE_CLUB_RATE_LIMIT: '' } })
    const { key } = await usual.addUser()
    const answer = await usual.call('/v1/models', { key })
    expect(answer.headers.get('x-ratelimit-limit-requests')).toBe('600')
    expect(answer.headers.get('x-ratelimit-remaining-requests')).toBe('599')
    await usual.close()
  })

  it('reach the official client as a RateLimitError', async () => {
    const { client } = await gateway.addUser({ rateLimit: 1 })
    await client.models.list()
    await expect(client.models.list()).rejects.toBeInstanceOf(OpenAI.RateLimitError)
    await expect(client.models.list()).rejects.toMatchObject({ code: 'rate_limit_exceeded' })
  })

  it('count all sessions of a person together, and nobody else with them', async () => {
    const person = await gateway.addPerson()
    const jobs = (cookie: string) => gateway.call('/api/dashboard/jobs', { headers: { cookie } })
    const second = await gateway.signIn(person)
    // Pages ask a lot, so the 5 of this gateway are not for them.
    for (let calls = 0; calls < LEAST_OF_SESSIONS; calls += 2) {
      for (const cookie of [person.cookie, second]) expect((await jobs(cookie)).status).toBe(200)
    }
    const refused = await jobs(second)
    expect(refused.status).toBe(429)
    expect((await readError(refused)).message).toMatch(/^You may make 300 requests per minute/)
    expect((await jobs((await gateway.addPerson()).cookie)).status).toBe(200)
  })

  it('count a key by itself, with its own limit when it has one', async () => {
    const user = await gateway.addUser({ rateLimit: 2 })
    expect((await models(user.key)).headers.get('x-ratelimit-limit-requests')).toBe('2')
    await models(user.key)
    expect((await models(user.key)).status).toBe(429)
    const other = await gateway.addKey(user, { rateLimit: 0 })
    const unlimited = await models(other.key)
    expect(unlimited.status).toBe(200)
    expect(unlimited.headers.get('x-ratelimit-limit-requests')).toBeNull()
  })
})

it.each([
  [12, '12ms'],
  [999.5, '1000ms'],
  [1000, '1s'],
  [59_001, '1m0s'],
  [360_000, '6m0s']
])('%d milliseconds are spelled %s', (ms, text) => {
  expect(formatReset(ms)).toBe(text)
})

it('makes guessing keys useless, and lets those in who have been good', async () => {
  const known = await gateway.addUser({ rateLimit: 0 })
  const fresh = await gateway.addUser({ rateLimit: 0 })
  await models(known.key)
  const guess = () => models('ic_this-key-does-not-exist-at-all')
  const statuses = []
  for (let tries = 0; tries < 5; tries++) statuses.push((await guess()).status)
  expect(statuses).toEqual([401, 401, 401, 429, 429])
  const barred = await guess()
  expect(Number(barred.headers.get('retry-after'))).toBeLessThanOrEqual(60)
  expect((await models(known.key)).status).toBe(200)
  // Even a right guess is not told from a wrong one.
  expect((await models(fresh.key)).status).toBe(429)
})
