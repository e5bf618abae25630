import OpenAI from 'openai'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Principal, UseLimits } from '../../src/lib/principal.ts'
import { startTestGateway, type TestGateway, type TestUser } from '../support/test-gateway.ts'

let gateway: TestGateway
let owner: TestUser
beforeAll(async () => {
  gateway = await startTestGateway()
  owner = await gateway.addUser()
  const features = ['generate', 'edit'] as const
  await gateway.addAgent({
    key: owner.key,
    services: [
      {
        concurrency: 4,
        models: ['demo', 'other', 'gpt-image-1', 'club/chatgpt-image-latest'].map((id) => ({
          id,
          servedAs: id,
          features: [...features]
        }))
      },
      { options: { step_time: '200ms' }, models: [{ id: 'slow', servedAs: 'slow', features: ['generate'] }] }
    ]
  })
})
afterAll(() => gateway.close())

const withLimits = (key: UseLimits) => gateway.addUser({ limits: key })
const generate = (key: string, fields: Record<string, unknown> = {}) =>
  gateway.call('/v1/images/generations', { key, json: { model: 'demo', prompt: 'a fox', size: '32x32', ...fields } })
const errorOf = async (response: Response) =>
  ((await response.json()) as { error: { code: string; message: string } }).error
const statuses = (responses: Response[]) => responses.map(({ status }) => status).sort()

/** Moves what somebody has made so far into the past, as if the time had gone on since. */
const age = (userId: string, ms: number) =>
  gateway.database.db
    .updateTable('usage_images')
    .set((e) => ({ created_at: e('created_at', '-', ms) }))
    .where('user_id', '=', userId)
    .execute()

describe('images per day', () => {
  it('are at most as many as allowed, also for ten callers at once', async () => {
    const { key } = await withLimits({ imagesPerDay: 4 })
    const answers = await Promise.all(Array.from({ length: 10 }, () => generate(key)))
    expect(statuses(answers)).toEqual([200, 200, 200, 200, 429, 429, 429, 429, 429, 429])
    const refused = answers.find(({ status }) => status === 429)
    expect(refused?.headers.get('x-should-retry')).toBe('false')
  })

  it('tell the official client why and until when, and it does not try again', async () => {
    const { key } = await withLimits({ imagesPerDay: 1 })
    let calls = 0
    const counting: typeof fetch = (...call) => {
      calls += 1
      return fetch(...call)
    }
    const client = new OpenAI({ apiKey: key, baseURL: `${gateway.url}/v1`, maxRetries: 2, fetch: counting })
    const asked = { model: 'demo', prompt: 'a fox', size: '32x32' as never }
    await client.images.generate(asked)
    const refused = client.images.generate(asked)
    await expect(refused).rejects.toBeInstanceOf(OpenAI.RateLimitError)
    await expect(refused).rejects.toMatchObject({ status: 429, code: 'insufficient_quota', type: 'insufficient_quota' })
    const tomorrow = new Date(Math.ceil(Date.now() / 86_400_000) * 86_400_000).toISOString().replace('.000Z', 'Z')
    await expect(refused).rejects.toThrow(tomorrow)
    await expect(refused).rejects.toThrow('may make 1 image a day; 1 is made or on its way.')
    expect(calls).toBe(2)
  })

  it('count images, not calls, and n beyond the rest is refused whole', async () => {
    const { key } = await withLimits({ imagesPerDay: 3 })
    expect((await generate(key, { n: 2 })).status).toBe(200)
    expect((await generate(key, { n: 2 })).status).toBe(429)
    expect((await generate(key, { n: 1 })).status).toBe(200)
  })

  it('begin anew with the next day, wherever the images are counted by then', async () => {
    const user = await withLimits({ imagesPerDay: 1 })
    expect((await generate(user.key)).status).toBe(200)
    await gateway.gateway.context.usage.rollUp()
    expect((await generate(user.key)).status).toBe(429)
    const hours = gateway.database.db.updateTable('usage_hours').where('user_id', '=', user.id)
    await hours.set((e) => ({ hour: e('hour', '-', 86_400_000) })).execute()
    await age(user.id, 86_400_000)
    expect((await generate(user.key)).status).toBe(200)
  })

  it('give back what failed or was canceled', async () => {
    const { key } = await withLimits({ imagesPerDay: 1 })
    const job = (await (await generate(key, { model: 'slow', async: true })).json()) as { id: string }
    expect((await generate(key)).status).toBe(429)
    await gateway.call(`/v1/jobs/${job.id}/cancel`, { key, method: 'POST' })
    expect((await generate(key)).status).toBe(200)
    // The place is taken now, so the canceled one cannot come back.
    expect((await gateway.call(`/v1/jobs/${job.id}/retry`, { key, method: 'POST' })).status).toBe(429)
  })

  it('do not count a repeated call twice', async () => {
    const { key } = await withLimits({ imagesPerDay: 1 })
    const json = { model: 'demo', prompt: 'a fox', size: '32x32' }
    const call = () => gateway.call('/v1/images/generations', { key, json, headers: { 'idempotency-key': 'once' } })
    expect(statuses(await Promise.all([call(), call(), call()]))).toEqual([200, 200, 200])
  })

  it('hold for a batch, whole', async () => {
    const { key } = await withLimits({ imagesPerDay: 3 })
    const request = { endpoint: '/v1/images/generations', body: { model: 'demo', prompt: 'x', size: '32x32', n: 2 } }
    const batch = (requests: unknown[]) => gateway.call('/v1/batches', { key, json: { requests } })
    expect((await batch([request, request])).status).toBe(429)
    expect((await batch([request])).status).toBe(202)
  })
})

describe('the other limits', () => {
  it('count a month', async () => {
    const user = await withLimits({ imagesPerMonth: 1 })
    expect((await generate(user.key)).status).toBe(200)
    const refused = await errorOf(await generate(user.key))
    expect(refused).toMatchObject({ code: 'insufficient_quota' })
    expect(refused.message).toMatch(/1 image a month;.*-01T00:00:00Z/)
    await age(user.id, 32 * 86_400_000)
    expect((await generate(user.key)).status).toBe(200)
  })

  it('of a person hold over all of their keys', async () => {
    const user = await gateway.addUser()
    await gateway.gateway.context.people.change({ userId: user.id, by: null, change: { limits: { imagesPerDay: 1 } } })
    const second = await gateway.addKey(user)
    expect((await generate(second.key)).status).toBe(200)
    expect((await errorOf(await generate(second.key))).message).toMatch(/^Your account/)
  })

  it('allow so many images at once, exactly', async () => {
    const { key } = await withLimits({ maxActive: 2 })
    const slow = { model: 'slow', async: true }
    const answers = [await generate(key, slow), await generate(key, slow), await generate(key, slow)]
    expect(answers.map(({ status }) => status)).toEqual([202, 202, 429])
    for (const answer of answers.slice(0, 2)) {
      const { id } = (await answer.json()) as { id: string }
      await gateway.call(`/v1/jobs/${id}/cancel`, { key, method: 'POST' })
    }
    expect((await generate(key)).status).toBe(200)
  })

  it('name the models a key may use, and list no others', async () => {
    const { key, client } = await withLimits({ models: ['other'] })
    expect((await generate(key, { model: 'other' })).status).toBe(200)
    expect(await errorOf(await generate(key))).toMatchObject({ code: 'permission_denied', param: 'model' })
    expect((await client.models.list()).data.map(({ id }) => id)).toEqual(['other'])
  })

  it('bound the pixels of an image, and choose a size within when none is asked for', async () => {
    const { key } = await withLimits({ maxPixels: 64 * 64 })
    expect((await generate(key, { size: '64x64' })).status).toBe(200)
    expect(await errorOf(await generate(key, { size: '65x64' }))).toMatchObject({ code: 'invalid_size', param: 'size' })
    expect(await (await generate(key, { size: 'auto' })).json()).toMatchObject({ size: '64x64' })
  })
})

describe('how a key is answered that does not say it', () => {
  const itemFor = async (key: string, fields: Record<string, unknown> = {}) => {
    const { data } = (await (await generate(key, fields)).json()) as { data: Record<string, unknown>[] }
    return Object.keys(data[0] ?? {})
      .filter((name) => name === 'url' || name === 'b64_json')
      .sort()
  }

  it.each([
    ['url', ['url']],
    ['b64_json', ['b64_json', 'url']],
    ['b64_json_only', ['b64_json']]
  ] as const)('%s', async (responseDefault, expected) => {
    const { key } = await gateway.addUser({ responseDefault })
    expect(await itemFor(key)).toEqual(expected)
    expect(await itemFor(key, { response_format: 'url' })).toEqual(['url'])
    const inline = responseDefault === 'b64_json_only' ? ['b64_json'] : ['b64_json', 'url']
    expect(await itemFor(key, { response_format: 'b64_json' })).toEqual(inline)
  })

  it.each(['gpt-image-1', 'club/chatgpt-image-latest'])(
    'with both for %s, whose name promises base64, unless the call or the key says something else',
    async (model) => {
      const { key } = await gateway.addUser()
      expect(await itemFor(key)).toEqual(['url'])
      expect(await itemFor(key, { model })).toEqual(['b64_json', 'url'])
      expect(await itemFor(key, { model, response_format: null })).toEqual(['b64_json', 'url'])
      expect(await itemFor(key, { model, response_format: 'url' })).toEqual(['url'])
      const linksOnly = await gateway.addUser({ responseDefault: 'url' })
      expect(await itemFor(linksOnly.key, { model })).toEqual(['url'])
      const dataOnly = await gateway.addUser({ responseDefault: 'b64_json_only' })
      expect(await itemFor(dataOnly.key, { model })).toEqual(['b64_json'])
    }
  )
})

describe('reserving', () => {
  it('never passes the limit and never loses a place, whatever is made, canceled and repeated at once', async () => {
    const action = fc.record({ n: fc.integer({ min: 1, max: 3 }), cancel: fc.boolean() })
    await fc.assert(
      fc.asyncProperty(fc.array(action, { minLength: 1, maxLength: 8 }), async (actions) => {
        const user = await withLimits({ imagesPerDay: 5 })
        await Promise.all(
          actions.map(async ({ n, cancel }) => {
            const answer = await generate(user.key, { n, async: true })
            if (answer.status === 202 && cancel) {
              const { id } = (await answer.json()) as { id: string }
              await gateway.call(`/v1/jobs/${id}/cancel`, { key: user.key, method: 'POST' })
            }
          })
        )
        await gateway.drain()
        const made = await countMade(user.id)
        expect(made).toBeLessThanOrEqual(5)
        // What is left is there to the last image, and not one more.
        if (made < 5) expect((await generate(user.key, { n: 5 - made })).status).toBe(200)
        expect((await generate(user.key)).status).toBe(429)
        expect(await countMade(user.id)).toBe(5)
      }),
      { numRuns: 8 }
    )
  })
})

async function countMade(userId: string): Promise<number> {
  const everything = { start: 0, end: Date.now() + 60_000, bucketMs: 86_400_000, groupBy: [], userIds: [userId] }
  const admin = { role: 'admin' } as Principal
  const sums = await gateway.gateway.context.usage.sum(admin, everything)
  return sums.reduce((all, one) => all + one.images, 0)
}
