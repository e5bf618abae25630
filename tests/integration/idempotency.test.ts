import { DAY_MS } from '../../src/lib/durations.ts'
import OpenAI from 'openai'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { callJson, type JsonAnswer } from '../support/call-json.ts'
import { startCuttableProxy } from '../support/cuttable-proxy.ts'
import { type FakeModels, startFakeModels } from '../support/fake-models.ts'
import type { ImagesAnswer } from '../support/image-calls.ts'
import { jobCalls } from '../support/job-calls.ts'
import { startTestGateway, type TestGateway, type TestUser } from '../support/test-gateway.ts'
import { waitFor } from '../support/wait-for.ts'

const QUEUE_PER_USER = 8

let gateway: TestGateway
let fakes: FakeModels

beforeAll(async () => {
  gateway = await startTestGateway({ env: { INFERENCE_CLUB_LIMITS_QUEUE_PER_USER: String(QUEUE_PER_USER) } })
  fakes = await startFakeModels(gateway)
})

afterAll(async () => {
  await gateway.close()
  await fakes.close()
})

const withKey = (key: string) => ({ 'idempotency-key': key })

/** A generation with that key. */
const generate = <T = ImagesAnswer>(
  user: TestUser,
  key: string,
  fields: Record<string, unknown>
): Promise<JsonAnswer<T>> =>
  callJson<T>(gateway, '/v1/images/generations', {
    key: user.key,
    headers: withKey(key),
    json: { prompt: 'a red fox', size: '32x32', ...fields }
  })

interface Refusal {
  error: { message: string; code: string; type: string; param: string | null }
}

const refusalOf = ({ status, headers, body }: JsonAnswer<unknown>) => ({
  status,
  code: (body as Refusal).error?.code,
  retry: headers.get('x-should-retry')
})

const MISMATCH = { status: 409, code: 'idempotency_mismatch', retry: 'false' }

const countRows = async (user: TestUser) => {
  const { db } = gateway.database
  const count = async (table: 'requests' | 'usage_images' | 'idempotency_keys') =>
    (await db.selectFrom(table).select('user_id').where('user_id', '=', user.id).execute()).length
  return {
    requests: await count('requests'),
    images: await count('usage_images'),
    keys: await count('idempotency_keys')
  }
}

describe('the same call again', () => {
  it('gets the same images, while nothing is made anew', async () => {
    const { user, model } = await fakes.newcomer()
    const first = await generate(user, 'k', { model: model.id, n: 2 })
    expect(first.status).toBe(200)
    const again = await generate(user, 'k', { model: model.id, n: 2 })
    expect([again.status, again.body]).toEqual([200, first.body])
    expect(model.received()).toHaveLength(2)
    expect(await countRows(user)).toEqual({ requests: 1, images: 2, keys: 1 })
    expect(again.headers.get('x-request-id')).not.toBe(first.headers.get('x-request-id'))
  })

  it('gets the same job', async () => {
    const { user, jobs, model } = await fakes.newcomer()
    const [first, again] = [
      await generate<{ id: string }>(user, 'k', { model: model.id, async: true }),
      await generate<{ id: string; status: string }>(user, 'k', { model: model.id, async: true })
    ]
    expect([first.status, again.status]).toEqual([202, 202])
    expect(again.body.id).toBe(first.body.id)
    await jobs.ended(first.body.id)
    const late = await generate<{ status: string }>(user, 'k', { model: model.id, async: true })
    expect(late.body).toEqual({ ...first.body, status: 'PROCESSED' })
    expect(model.received()).toHaveLength(1)
  })

  it('waits for the job that another call of that meaning has started', async () => {
    const { user, model } = await fakes.newcomer()
    model.answers({ name: 'slow', delayMs: 100 })
    const job = await generate<{ id: string }>(user, 'k', { model: model.id, async: true })
    const images = await generate(user, 'k', { model: model.id })
    expect([images.status, images.body.request_id]).toEqual([200, job.body.id])
    expect(model.received()).toHaveLength(1)
  })

  it('twenty times at once is one request, one generation and one charge', async () => {
    const { user, model } = await fakes.newcomer()
    model.answers({ name: 'slow', delayMs: 100 })
    const answers = await Promise.all(Array.from({ length: 20 }, () => generate(user, 'k', { model: model.id })))
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]))
    for (const { body } of answers) expect(body).toEqual(answers[0]?.body)
    expect(model.received()).toHaveLength(1)
    expect(await countRows(user)).toEqual({ requests: 1, images: 1, keys: 1 })
  })

  it('at once gets an answer though the first of them took the last place in the queue', async () => {
    const { user, model } = await fakes.newcomer()
    const fields = { model: model.id, n: QUEUE_PER_USER }
    const answers = await Promise.all(Array.from({ length: 10 }, () => generate(user, 'k', fields)))
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]))
    expect(model.received()).toHaveLength(QUEUE_PER_USER)
  })

  it('is answered when nobody offers the model any more', async () => {
    const { user, model } = await fakes.newcomer()
    const first = await generate(user, 'k', { model: model.id })
    await gateway.database.db.deleteFrom('service_models').where('model', '=', model.id).execute()
    gateway.database.bell.ring('providers')
    expect((await generate(user, 'k', { model: model.id })).body).toEqual(first.body)
    expect(refusalOf(await generate(user, 'other', { model: model.id }))).toMatchObject({ code: 'no_provider' })
  })

  it.each([
    ['error_400', 400, 'invalid_request'],
    ['moderation_blocked', 400, 'content_rejected'],
    ['error_500', 502, 'upstream_error']
  ] as const)('of a request that failed with %s gets the same %i', async (behaviour, status, code) => {
    const { user, model } = await fakes.newcomer()
    model.answers(behaviour, behaviour, behaviour)
    const first = await generate(user, 'k', { model: model.id })
    expect(refusalOf(first)).toEqual({ status, code, retry: 'false' })
    const calls = model.received().length
    const again = await generate(user, 'k', { model: model.id })
    expect([refusalOf(again), again.body]).toEqual([refusalOf(first), first.body])
    expect(model.received()).toHaveLength(calls)
  })

  it('of a canceled request is told that', async () => {
    const { user, jobs, model } = await fakes.newcomer()
    model.answers('ok', 'hang')
    const { body } = await generate<{ id: string }>(user, 'k', { model: model.id, n: 2, async: true })
    await waitFor(() => model.received().length === 2)
    await jobs.cancel(body.id)
    const canceled = { status: 409, code: 'canceled', retry: 'false' }
    expect(refusalOf(await generate(user, 'k', { model: model.id, n: 2 }))).toEqual(canceled)
    // Once it is retried, the key leads to its images.
    await jobs.retry(body.id)
    const images = await generate(user, 'k', { model: model.id, n: 2 })
    expect([images.status, images.body.data?.length]).toEqual([200, 2])
  })
})

describe('what a call means', () => {
  it('is the picture it asks for, however that is spelled and delivered', async () => {
    const { user, model } = await fakes.newcomer()
    const same: Record<string, unknown>[] = [
      { n: 1, seed: 7, steps: 3, glitter: { a: 1, b: [2] } },
      { n: '1', seed: '7', steps: '3', glitter: { b: [2], a: 1 } },
      { seed: 7, steps: 3.0, glitter: { a: 1, b: [2] }, size: '32X32', quality: null, style: '' },
      { seed: 7, steps: 3, glitter: { a: 1, b: [2] }, response_format: 'b64_json' },
      { seed: 7, steps: 3, glitter: { a: 1, b: [2] }, user: 'eve', inference_club_note: 'x', stream: false }
    ]
    const ids = new Set<string>()
    for (const fields of same) {
      const { status, body } = await generate(user, 'k', { model: model.id, ...fields })
      expect([fields, status]).toEqual([fields, 200])
      ids.add(body.request_id)
    }
    expect(ids.size).toBe(1)
    expect(model.received()).toHaveLength(1)
  })

  it.each([
    { prompt: 'a red fox ' },
    { n: 2 },
    { size: '33x32' },
    { size: 'auto' },
    { seed: 8 },
    { seed: null },
    { steps: 4 },
    { glitter: 2 },
    { sparkle: 1 },
    { output_format: 'png' },
    { inference_club_routing: 'prefer_own' }
  ])('is another with %j', async (fields) => {
    const { user, model } = await fakes.newcomer()
    const first = { model: model.id, seed: 7, glitter: 1 }
    expect((await generate(user, 'k', first)).status).toBe(200)
    expect(refusalOf(await generate(user, 'k', { ...first, ...fields }))).toEqual(MISMATCH)
    expect(refusalOf(await generate(user, 'k', { ...first, ...fields, async: true }))).toEqual(MISMATCH)
    expect(await countRows(user)).toEqual({ requests: 1, images: 1, keys: 1 })
  })

  it('is another with another model', async () => {
    const { user, model } = await fakes.newcomer()
    const other = await fakes.add(user)
    await generate(user, 'k', { model: model.id })
    expect(refusalOf(await generate(user, 'k', { model: other.id }))).toEqual(MISMATCH)
  })
})

describe('a key', () => {
  it('is not used up by a call that is refused', async () => {
    const { user, model } = await fakes.newcomer()
    const refusals = [
      [{ model: 'nonsuch' }, 404],
      [{ model: 'nonsuch', async: true }, 404],
      [{ model: model.id, size: 'huge' }, 400],
      [{ model: model.id, prompt: ' ' }, 400],
      [{ model: model.id, stream: 'maybe' }, 400]
    ] as const
    for (const [fields, status] of refusals) expect((await generate(user, 'k', fields)).status).toBe(status)
    expect(await countRows(user)).toEqual({ requests: 0, images: 0, keys: 0 })
    expect((await generate(user, 'k', { model: model.id })).status).toBe(200)
  })

  it('is not used up by a full queue, and a full queue keeps nobody from what is there', async () => {
    const { user, jobs, model } = await fakes.newcomer()
    const first = await generate(user, 'done', { model: model.id })
    model.answers('hang')
    const blocking = await jobs.submit({ model: model.id, n: QUEUE_PER_USER })
    expect(refusalOf(await generate(user, 'k', { model: model.id }))).toMatchObject({ status: 503, code: 'queue_full' })
    expect((await generate(user, 'done', { model: model.id })).body).toEqual(first.body)
    await jobs.cancel(blocking)
    expect((await generate(user, 'k', { model: model.id })).status).toBe(200)
  })

  it('is one per user', async () => {
    const { user, model } = await fakes.newcomer()
    const other = await gateway.addUser()
    const [mine, theirs] = [
      await generate(user, 'k', { model: model.id }),
      await generate(other, 'k', { model: model.id, prompt: 'something else' })
    ]
    expect([mine.status, theirs.status]).toEqual([200, 200])
    expect(theirs.body.request_id).not.toBe(mine.body.request_id)
  })

  it('is the same for all API keys of a user', async () => {
    const { user, model } = await fakes.newcomer()
    const { secret } = await gateway.gateway.context.apiKeys.create({ userId: user.id, name: 'second' })
    const first = await generate(user, 'k', { model: model.id })
    expect((await generate({ ...user, key: secret }, 'k', { model: model.id })).body).toEqual(first.body)
  })

  it('has 1 to 128 characters', async () => {
    const { user, model } = await fakes.newcomer()
    expect((await generate(user, 'x'.repeat(128), { model: model.id })).status).toBe(200)
    for (const key of ['x'.repeat(129), '', ' ']) {
      const answer = await generate<Refusal>(user, key, { model: model.id })
      expect([answer.status, answer.body.error?.param]).toEqual([400, 'Idempotency-Key'])
    }
    expect(model.received()).toHaveLength(1)
  })

  it('outlives its request by a day after it was made, and is free then', async () => {
    const { user, jobs, model } = await fakes.newcomer()
    const { request_id: id } = (await generate(user, 'k', { model: model.id })).body
    await jobs.remove(id)
    const gone = await generate<Refusal>(user, 'k', { model: model.id })
    expect(refusalOf(gone)).toMatchObject({ status: 404, code: 'not_found' })
    expect(gone.body.error.message).toMatch(/deleted.*new key/)
    expect(refusalOf(await generate(user, 'k', { model: model.id, n: 2 }))).toEqual(MISMATCH)
    expect(model.received()).toHaveLength(1)

    const { db } = gateway.database
    await db.updateTable('idempotency_keys').set({ expires_at: Date.now() }).where('target_id', '=', id).execute()
    expect((await generate(user, 'k', { model: model.id, n: 2 })).status).toBe(200)
    expect(await countRows(user)).toMatchObject({ requests: 1, keys: 1 })
  })

  it('is forgotten for good with a request that is deleted later, and kept as long as there is one', async () => {
    const { user, jobs, model } = await fakes.newcomer()
    const { db } = gateway.database
    const [old, kept, young] = await Promise.all(
      ['old', 'kept', 'young'].map(async (key) => (await generate(user, key, { model: model.id })).body.request_id)
    )
    const longAgo = Date.now() - DAY_MS
    await db.updateTable('idempotency_keys').set({ created_at: longAgo }).where('key', 'in', ['old', 'kept']).execute()
    await jobs.remove(old!)
    await jobs.remove(young!)
    await gateway.gateway.context.requests.forgetKeys()
    const left = await db.selectFrom('idempotency_keys').select('key').where('user_id', '=', user.id).execute()
    expect(left.map(({ key }) => key).sort()).toEqual(['kept', 'young'])
    expect((await generate(user, 'kept', { model: model.id })).body.request_id).toBe(kept)
  })
})

describe('a caller with a key who leaves', () => {
  it('cancels nothing, and gets the images when calling again', async () => {
    const { user, jobs, model } = await fakes.newcomer()
    model.answers({ name: 'slow', delayMs: 300 })
    const leaving = new AbortController()
    const left = gateway.call('/v1/images/generations', {
      key: user.key,
      headers: withKey('k'),
      json: { model: model.id, prompt: 'a red fox', size: '32x32' },
      signal: leaving.signal
    })
    const gone = expect(left).rejects.toThrow()
    await waitFor(() => model.received().length === 1)
    leaving.abort()
    await gone
    const { status, body } = await generate(user, 'k', { model: model.id })
    expect(status).toBe(200)
    expect(await jobs.get(body.request_id)).toMatchObject({ status: 'PROCESSED', attempts: [{ status: 'succeeded' }] })
    expect(model.received()).toMatchObject([{ abandoned: false }])
    expect(await countRows(user)).toEqual({ requests: 1, images: 1, keys: 1 })
  })

  it('the official client comes back by itself after a broken connection', async () => {
    const { user, model } = await fakes.newcomer()
    model.answers({ name: 'slow', delayMs: 300 })
    const proxy = await startCuttableProxy(gateway.url)
    const client = new OpenAI({ apiKey: user.key, baseURL: `${proxy.url}/v1`, maxRetries: 2 })
    const fields = { model: model.id, prompt: 'a red fox', size: '32x32', n: 2 }
    const answer = client.images.generate(fields as never, { headers: { 'Idempotency-Key': 'k' } })
    await waitFor(() => model.received().length === 1)
    expect(proxy.cut()).toBeGreaterThan(0)
    const images = (await answer) as unknown as ImagesAnswer
    expect(images.data).toHaveLength(2)
    expect(await countRows(user)).toEqual({ requests: 1, images: 2, keys: 1 })
    expect(model.received()).toHaveLength(2)
    await proxy.close()
  })

  it('the official client without one does the work again, for the first was canceled', async () => {
    const { user, model } = await fakes.newcomer()
    model.answers({ name: 'slow', delayMs: 300 })
    const proxy = await startCuttableProxy(gateway.url)
    const client = new OpenAI({ apiKey: user.key, baseURL: `${proxy.url}/v1`, maxRetries: 2 })
    const answer = client.images.generate({ model: model.id, prompt: 'a red fox' })
    await waitFor(() => model.received().length === 1)
    proxy.cut()
    await answer
    const states = (await jobCalls(gateway, user).list()).data.map(({ status }) => status)
    expect(states).toEqual(['PROCESSED', 'CANCELED'])
    await proxy.close()
  })
})
