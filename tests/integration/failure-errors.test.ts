import { type APIError, BadRequestError, ConflictError, InternalServerError, type OpenAI } from 'openai'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { alike, startAnswering } from '../support/answering-server.ts'
import { type FakeOpenAIServer, startFakeOpenAIServer } from '../support/fake-openai-server.ts'
import { generate, getJob } from '../support/image-calls.ts'
import { apiErrorOf } from '../support/read-error.ts'
import { startTestGateway, type TestGateway } from '../support/test-gateway.ts'
import { waitFor } from '../support/wait-for.ts'

const QUEUE_PER_USER = 6

let gateway: TestGateway
let upstream: FakeOpenAIServer

beforeAll(async () => {
  upstream = await startFakeOpenAIServer()
  gateway = await startTestGateway({ env: { INFERENCE_CLUB_LIMITS_QUEUE_PER_USER: String(QUEUE_PER_USER) } })
  const { key } = await gateway.addUser()
  await gateway.addAgent({
    key,
    services: [
      { name: 'painter', concurrency: 2 },
      {
        name: 'faulty',
        engine: 'openai',
        url: upstream.url,
        concurrency: 4,
        models: [{ id: 'faulty', servedAs: 'faulty', features: ['generate'] }]
      }
    ]
  })
})

afterAll(async () => {
  await gateway.close()
  await upstream.close()
})

type ErrorClass = abstract new (...parameters: never[]) => APIError

async function expectFailed(
  client: OpenAI,
  fields: Record<string, unknown>,
  wanted: { status: number; code: string; param?: string; of: ErrorClass }
): Promise<APIError> {
  const error = await apiErrorOf(generate(client, fields))
  const { status, code, param = null } = wanted
  expect(error).toMatchObject({ status, code, type: code, param })
  expect(error).toBeInstanceOf(wanted.of)
  return error
}

describe('the queue', () => {
  it('of a user is bounded', async () => {
    const { client } = await gateway.addUser()
    const wanted = { status: 503, code: 'queue_full', of: InternalServerError }
    const error = await expectFailed(client, { n: QUEUE_PER_USER + 1 }, wanted)
    expect(Number(error.headers?.get('retry-after'))).toBeGreaterThan(0)
    expect(error.headers?.get('x-should-retry')).toBeNull()
    expect(error.message).toContain(String(QUEUE_PER_USER))
    expect((await generate(client, { n: QUEUE_PER_USER })).data).toHaveLength(QUEUE_PER_USER)
  })

  it('counts what waits and what runs', async () => {
    const { client } = await gateway.addUser()
    upstream.setBehaviour({ choose: (request) => (request.json?.prompt === 'waits' ? 'hang' : undefined) })
    const job = await generate(client, { model: 'faulty', prompt: 'waits', async: true, n: QUEUE_PER_USER })
    await expectFailed(client, {}, { status: 503, code: 'queue_full', of: InternalServerError })
    await gateway.gateway.context.requests.cancel((job as unknown as { id: string }).id)
    await generate(client)
  })
})

describe('the provider', () => {
  const expectFinal = async (prompt: string, wanted: Parameters<typeof expectFailed>[2]) => {
    const { client } = await gateway.addUser()
    const error = await expectFailed(client, { model: 'faulty', prompt }, wanted)
    expect(error.headers?.get('x-should-retry')).toBe('false')
    return error
  }

  it.each(['error_500', 'close_before_headers'])(
    'that fails with %s is an upstream error after failover',
    async (behaviour) => {
      const prompt = `[fake:${behaviour}]`
      const wanted = { status: 502, code: 'upstream_error', of: InternalServerError }
      const error = await expectFinal(prompt, wanted)
      expect(upstream.requests.filter((request) => request.json?.prompt === prompt)).toHaveLength(3)
      expect(error.message).not.toContain(new URL(upstream.url).port)
    }
  )

  it.each(['truncated_png', 'text_file', 'empty_data', 'error_200', 'close_mid_body', 'dead_url', 'redirecting_url'])(
    'that did the work in vain is not asked to do it again: %s',
    async (behaviour) => {
      const prompt = `[fake:${behaviour}]`
      const error = await expectFinal(prompt, { status: 502, code: 'upstream_error', of: InternalServerError })
      expect(upstream.requests.filter((request) => request.json?.prompt === prompt)).toHaveLength(1)
      if (behaviour === 'error_200') expect(error.message).toContain('The GPU fell asleep.')
    }
  )

  it.each(['moderation_blocked', 'content_filter', 'filtered_200'])(
    'that refuses the content is asked once: %s',
    async (behaviour) => {
      const prompt = `[fake:${behaviour}]`
      await expectFinal(prompt, { status: 400, code: 'content_rejected', of: BadRequestError })
      expect(upstream.requests.filter((request) => request.json?.prompt === prompt)).toHaveLength(1)
    }
  )

  it('that refuses the parameters is asked once, and its reason is told', async () => {
    const prompt = '[fake:error_400]'
    const wanted = { status: 400, code: 'invalid_request', param: 'size', of: BadRequestError }
    const error = await expectFinal(prompt, wanted)
    expect(error.message).toContain('divisible by 16')
    expect(upstream.requests.filter((request) => request.json?.prompt === prompt)).toHaveLength(1)
  })
})

it('a machine whose proxy takes no upload of that size is passed over for one that does', async () => {
  const { client, key } = await gateway.addUser()
  const url = await startAnswering(alike(413, '<html><title>413 Request Entity Too Large</title></html>'))
  const models = [{ id: 'both', servedAs: 'both', features: ['generate' as const] }]
  await gateway.addAgent({
    key,
    services: [
      { name: 'narrow', engine: 'openai', url, models },
      { name: 'wide', engine: 'openai', url: upstream.url, models }
    ]
  })
  const { id } = (await generate(client, { model: 'both', async: true, n: 4 })) as unknown as { id: string }
  await waitFor(async () => (await getJob(client, id)).status === 'PROCESSED')
  const failed = (await getJob(client, id)).attempts.filter(({ status }) => status === 'failed')
  expect(failed.map(({ service }) => service)).toContain('narrow')
  expect(failed[0]?.reason).toContain('takes no call of this size (HTTP 413)')
})

describe('a caller who waits', () => {
  it('learns that the request was canceled', async () => {
    const { client, id } = await gateway.addUser()
    const waiting = apiErrorOf(generate(client, { model: 'faulty', prompt: '[fake:hang]' }))
    const request = await waitFor(() =>
      gateway.database.db
        .selectFrom('requests')
        .select('id')
        .where('user_id', '=', id)
        .where('state', '=', 'running')
        .executeTakeFirst()
    )
    await gateway.gateway.context.requests.cancel(request.id)
    const error = await waiting
    expect(error).toMatchObject({ status: 409, code: 'canceled' })
    expect(error).toBeInstanceOf(ConflictError)
    expect(error.headers?.get('x-should-retry')).toBe('false')
  })

  it('is told when the wait ends, and when the server stops, and the request goes on', async () => {
    const env = { INFERENCE_CLUB_LIMITS_SYNC_TIMEOUT: '600ms', INFERENCE_CLUB_LIMITS_DRAIN_TIMEOUT: '50ms' }
    const other = await startTestGateway({ env })
    const stop = Promise.withResolvers<APIError>()
    try {
      const { client, key } = await other.addUser()
      await other.addAgent({ key, services: [{ options: { step_time: '300ms' }, concurrency: 2 }] })
      const timeout = await apiErrorOf(generate(client, { steps: 3 }))
      expect(timeout).toMatchObject({ status: 504, code: 'timeout', type: 'timeout' })
      expect(timeout).toBeInstanceOf(InternalServerError)
      expect(timeout.headers?.get('x-should-retry')).toBe('false')
      const id = /req_[a-z0-9]{25}/.exec(timeout.message)?.[0] ?? ''
      const job = await waitFor(async () => {
        const now = await getJob(client, id)
        return now.status === 'PROCESSED' && now
      })
      expect(job.result?.data).toHaveLength(1)

      stop.resolve(apiErrorOf(generate(client, { steps: 100 })))
      await waitFor(async () => (await other.gateway.context.requestViews.countUnfinished()).running > 0)
    } finally {
      await other.close()
    }
    const stopped = await stop.promise
    expect(stopped).toMatchObject({ status: 503, code: 'shutting_down' })
    expect(Number(stopped.headers?.get('retry-after'))).toBeGreaterThan(0)
    expect(stopped.message).toMatch(/req_[a-z0-9]{25}/)
  })
})
