import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type FakeOpenAIServer, startFakeOpenAIServer } from '../support/fake-openai-server.ts'
import { fetchImage, generate, getJob, type JobAnswer, SMALL } from '../support/image-calls.ts'
import { type JobEvent, readJobEvents } from '../support/job-events.ts'
import { apiErrorOf, readError } from '../support/read-error.ts'
import { startTestGateway, type TestGateway, type TestUser } from '../support/test-gateway.ts'
import { waitFor } from '../support/wait-for.ts'

let gateway: TestGateway
let upstream: FakeOpenAIServer

beforeAll(async () => {
  upstream = await startFakeOpenAIServer()
  gateway = await startTestGateway()
  const { key } = await gateway.addUser()
  const features = ['generate' as const]
  await gateway.addAgent({
    key,
    name: 'studio',
    services: [
      { name: 'painter', concurrency: 2 },
      {
        name: 'thoughtful',
        concurrency: 4,
        models: [{ id: 'thoughtful', servedAs: 'demo', features }],
        options: { step_time: '60ms' }
      },
      {
        name: 'proxied',
        engine: 'openai',
        url: upstream.url,
        concurrency: 4,
        models: [{ id: 'proxied', servedAs: 'proxied', features }]
      }
    ]
  })
})

afterAll(async () => {
  await gateway.close()
  await upstream.close()
})

const submit = async ({ client }: TestUser, fields: Record<string, unknown> = {}): Promise<JobAnswer> =>
  (await generate(client, { ...fields, async: true })) as unknown as JobAnswer

const ended = ({ client }: TestUser, id: string): Promise<JobAnswer> =>
  waitFor(async () => {
    const job = await getJob(client, id)
    return job.finished_at !== null && job
  })

const eventsOf = (user: TestUser, id: string) => Array.fromAsync(readJobEvents(gateway, { id, key: user.key }))
const named = (events: JobEvent[], name: string) => events.filter(({ event }) => event === name)

describe('async: true', () => {
  it.each([true, 'true'])('as %j is answered at once with the envelope of a job', async (value) => {
    const { key } = await gateway.addUser()
    const before = Date.now()
    const response = await gateway.call('/v1/images/generations', { key, json: { ...SMALL, async: value } })
    expect(response.status).toBe(202)
    expect(response.headers.get('content-type')).toMatch(/^application\/json\b/)
    expect(response.headers.get('x-request-id')).toMatch(/^xid_/)
    const envelope = (await response.json()) as JobAnswer
    expect(envelope).toEqual({
      id: expect.stringMatching(/^req_[a-z0-9]{25}$/),
      object: 'inference.job',
      status: expect.stringMatching(/^(QUEUED|PROCESSING)$/),
      inference_type: 'IMAGE',
      model: 'demo',
      created: expect.any(Number),
      queued_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
    })
    const queuedAt = Date.parse(envelope.queued_at)
    expect(queuedAt).toBeGreaterThanOrEqual(before)
    expect(queuedAt).toBeLessThanOrEqual(Date.now())
    expect(envelope.created).toBe(Math.floor(queuedAt / 1000))
  })

  it('keeps the wishes of the call', async () => {
    const user = await gateway.addUser()
    const { id } = await submit(user, { n: 2, seed: 9, output_format: 'webp', size: '40x24' })
    const job = await ended(user, id)
    expect(job.result?.data.map((item) => item.seed)).toEqual([9, 10])
    const image = await fetchImage(job.result_url ?? '')
    expect(image).toMatchObject({ format: 'webp', width: 40, height: 24 })
  })
})

describe('GET /v1/jobs/<id>', () => {
  it('tells everything about a job that is done', async () => {
    const user = await gateway.addUser()
    const { id, ...envelope } = await submit(user, { n: 2, seed: 3, negative_prompt: 'rain', glitter: true })
    const job = await ended(user, id)
    expect(job).toMatchObject({
      ...envelope,
      id,
      status: 'PROCESSED',
      kind: 'generation',
      prompt: SMALL.prompt,
      parameters: { n: 2, seed: 3, size: '48x32', steps: 2, negative_prompt: 'rain', glitter: true },
      inputs: [],
      progress: 100,
      started_at: expect.any(Number),
      finished_at: expect.any(Number),
      result: {
        created: job.finished_at,
        request_id: id,
        size: '48x32',
        output_format: 'png',
        data: [{ seed: 3 }, { seed: 4 }],
        warnings: [expect.stringContaining('glitter')]
      }
    })
    expect(job).not.toHaveProperty('error')
    expect(job.started_at).toBeGreaterThanOrEqual(job.created)
    expect(job.finished_at).toBeGreaterThanOrEqual(job.started_at ?? Infinity)
    expect(job.result_url).toBe(job.result?.data[0]?.url)
    for (const item of job.result?.data ?? []) {
      expect(item.url).toBe(`${gateway.url}/api/inference/assets/${item.asset_id}/`)
      expect(item).not.toHaveProperty('b64_json')
    }
    expect(job.attempts.toSorted((a, b) => a.image - b.image)).toEqual(
      [0, 1].map((image) => ({
        image,
        provider: 'studio',
        service: 'painter',
        status: 'succeeded',
        reason: null,
        started_at: expect.any(Number),
        finished_at: expect.any(Number)
      }))
    )
  })

  it('tells of one that runs', async () => {
    const user = await gateway.addUser()
    const { id } = await submit(user, { model: 'thoughtful', steps: 60 })
    const job = await waitFor(async () => {
      const now = await getJob(user.client, id)
      return now.progress > 0 && now
    })
    expect(job).toMatchObject({ status: 'PROCESSING', finished_at: null, started_at: expect.any(Number) })
    expect(job.progress).toBeLessThan(100)
    expect(job.attempts).toMatchObject([{ image: 0, status: 'running', finished_at: null, reason: null }])
    for (const name of ['result', 'result_url', 'error']) expect(job).not.toHaveProperty(name)
    await gateway.gateway.context.requests.cancel(id)
    expect(await getJob(user.client, id)).toMatchObject({ status: 'CANCELED' })
  })

  it('tells why one failed', async () => {
    const user = await gateway.addUser()
    const { id } = await submit(user, { model: 'proxied', prompt: '[fake:error_500]' })
    const job = await ended(user, id)
    expect(job).toMatchObject({
      status: 'FAILED',
      error: { type: 'upstream_error', code: 'upstream_error', param: null, message: expect.any(String) }
    })
    expect(job.attempts).toHaveLength(3)
    for (const attempt of job.attempts) expect(attempt).toMatchObject({ status: 'failed', service: 'proxied' })
    for (const attempt of job.attempts) expect(attempt.reason).toMatch(/^crashed: \S/)
    for (const name of ['result', 'result_url']) expect(job).not.toHaveProperty(name)
  })

  it('knows synchronous requests too, those that failed included', async () => {
    const user = await gateway.addUser()
    const answer = await generate(user.client, { response_format: 'b64_json' })
    const job = await getJob(user.client, answer.request_id)
    const { b64_json: _bytes, ...item } = answer.data[0]!
    expect(job).toMatchObject({ id: answer.request_id, status: 'PROCESSED', result_url: item.url })
    expect(job.result?.data).toEqual([item])
    expect(job.result?.created).toBe(answer.created)

    const error = await apiErrorOf(generate(user.client, { model: 'proxied', prompt: '[fake:moderation_blocked]' }))
    const { id } = await gateway.database.db
      .selectFrom('requests')
      .select('id')
      .where('user_id', '=', user.id)
      .where('state', '=', 'failed')
      .executeTakeFirstOrThrow()
    expect((await getJob(user.client, id)).error).toEqual(error.error)
  })

  it('comes with and without a slash at the end', async () => {
    const user = await gateway.addUser()
    const { request_id: id } = await generate(user.client)
    const [plain, slashed] = await Promise.all(
      [`/v1/jobs/${id}`, `/v1/jobs/${id}/`].map(async (path) => (await gateway.call(path, { key: user.key })).json())
    )
    expect(slashed).toEqual(plain)
  })

  it("is not found when it is somebody else's", async () => {
    const [owner, stranger] = [await gateway.addUser(), await gateway.addUser({ role: 'member' })]
    const { request_id: id } = await generate(owner.client)
    for (const path of [`/v1/jobs/${id}`, `/v1/jobs/${id}/events`]) {
      const response = await gateway.call(path, { key: stranger.key })
      expect(response.status).toBe(404)
      const { message, ...error } = await readError(response)
      const unknown = 'req_0000000000000000000000000'
      const absent = await readError(await gateway.call(path.replace(id, unknown), { key: stranger.key }))
      // Nobody learns that it exists.
      expect({ ...error, message: message.replace(id, unknown) }).toEqual(absent)
    }
  })

  it('begins its URLs as the caller reached the server', async () => {
    const { client, key } = await gateway.addUser()
    const { request_id: id } = await generate(client)
    const host = gateway.url.replace('127.0.0.1', 'localhost')
    const response = await fetch(`${host}/v1/jobs/${id}`, { headers: { authorization: `Bearer ${key}` } })
    const job = (await response.json()) as JobAnswer
    expect(job.result_url).toBe(`${host}/api/inference/assets/${job.result?.data[0]?.asset_id}/`)
    const spoofed = await gateway.call(`/v1/jobs/${id}`, { key, headers: { 'x-forwarded-host': 'evil.example.org' } })
    expect(((await spoofed.json()) as JobAnswer).result_url).toContain(gateway.url)
  })
})

describe('GET /v1/jobs/<id>/events', () => {
  it('begins with the state, tells progress and previews, and ends with the result', async () => {
    const user = await gateway.addUser()
    const { id } = await submit(user, { model: 'thoughtful', steps: 10, n: 2 })
    const events = await eventsOf(user, id)
    const job = await getJob(user.client, id)

    expect(events[0]).toMatchObject({ event: 'status', data: { id, object: 'inference.job', model: 'thoughtful' } })
    const progress = named(events, 'progress')
    expect(progress.length).toBeGreaterThan(2)
    for (const { data } of progress) {
      expect(Object.keys(data).sort()).toEqual(['image', 'step', 'steps'])
      expect(data.steps).toBe(10)
    }
    expect(new Set(progress.map(({ data }) => data.image))).toEqual(new Set([0, 1]))
    for (const image of [0, 1]) {
      const steps = progress.filter(({ data }) => data.image === image).map(({ data }) => Number(data.step))
      expect(steps).toEqual(steps.toSorted((a, b) => a - b))
    }

    const previews = named(events, 'preview')
    expect(previews.length).toBeGreaterThan(0)
    for (const { data } of previews) {
      const { format } = await sharp(Buffer.from(String(data.b64_json), 'base64')).metadata()
      expect(`image/${format}`).toBe(data.media_type)
      expect([0, 1]).toContain(data.image)
    }

    expect(events.at(-2)).toMatchObject({ event: 'status', data: { status: 'PROCESSED', progress: 100 } })
    expect(events.at(-1)).toEqual({ event: 'result', data: job.result })
    expect(named(events, 'error')).toEqual([])
  })

  it('of a job that has ended are its state and its result', async () => {
    const user = await gateway.addUser()
    const { request_id: id } = await generate(user.client)
    const { result } = await getJob(user.client, id)
    expect(await eventsOf(user, id)).toMatchObject([
      { event: 'status', data: { status: 'PROCESSED' } },
      { event: 'result', data: { ...result } }
    ])
  })

  it('of a job that fails end with the error', async () => {
    const user = await gateway.addUser()
    const { id } = await submit(user, { model: 'proxied', prompt: '[fake:error_400]' })
    const events = await eventsOf(user, id)
    const { error } = await getJob(user.client, id)
    expect(events[0]?.event).toBe('status')
    expect(events.at(-2)).toMatchObject({ event: 'status', data: { status: 'FAILED' } })
    expect(events.at(-1)).toEqual({ event: 'error', data: { error } })
    // And so for whoever comes later.
    expect((await eventsOf(user, id)).map(({ event }) => event)).toEqual(['status', 'error'])
  })

  it('of a job that is canceled end with that', async () => {
    const user = await gateway.addUser()
    const { id } = await submit(user, { model: 'thoughtful', steps: 100 })
    const events = readJobEvents(gateway, { id, key: user.key })
    await events.next()
    await gateway.gateway.context.requests.cancel(id)
    const rest = await Array.fromAsync(events)
    expect(rest.at(-2)).toMatchObject({ event: 'status', data: { status: 'CANCELED' } })
    expect(rest.at(-1)).toMatchObject({ event: 'error', data: { error: { code: 'canceled', type: 'canceled' } } })
  })

  it('are not kept by caches or held back by proxies', async () => {
    const user = await gateway.addUser()
    const { request_id: id } = await generate(user.client)
    const response = await gateway.call(`/v1/jobs/${id}/events`, { key: user.key })
    expect(response.headers.get('cache-control')).toContain('no-cache')
    expect(response.headers.get('x-accel-buffering')).toBe('no')
    expect(response.headers.get('access-control-allow-origin')).toBe('*')
    expect(await response.text()).toMatch(/^event: status\ndata: \{.*\}\n\nevent: result\ndata: \{.*\}\n\n$/)
  })

  it('may be left by the reader, and the job goes on', async () => {
    const user = await gateway.addUser()
    const { id } = await submit(user, { model: 'thoughtful', steps: 4 })
    for await (const { event } of readJobEvents(gateway, { id, key: user.key })) {
      expect(event).toBe('status')
      break
    }
    expect(await ended(user, id)).toMatchObject({ status: 'PROCESSED' })
  })
})

describe('a caller who leaves', () => {
  it('cancels what is not yet done', async () => {
    const user = await gateway.addUser()
    const leaving = new AbortController()
    const call = gateway.call('/v1/images/generations', {
      key: user.key,
      json: { ...SMALL, model: 'thoughtful', steps: 100 },
      signal: leaving.signal
    })
    const gone = expect(call).rejects.toThrow()
    const requestOf = () =>
      gateway.database.db.selectFrom('requests').selectAll().where('user_id', '=', user.id).executeTakeFirst()
    const { id } = await waitFor(async () => {
      const request = await requestOf()
      return request?.state === 'running' && request
    })
    leaving.abort()
    await gone
    expect(await ended(user, id)).toMatchObject({ status: 'CANCELED', attempts: [{ status: 'canceled' }] })
  })
})
