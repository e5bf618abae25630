import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { AgentServiceConfig } from '../../src/config/agent-config.ts'
import { type FakeOpenAIServer, type FakeRequest, startFakeOpenAIServer } from '../support/fake-openai-server.ts'
import { generate, getJob, type JobAnswer } from '../support/image-calls.ts'
import { apiErrorOf } from '../support/read-error.ts'
import { startTestGateway, type TestGateway, type TestUser } from '../support/test-gateway.ts'
import { waitFor } from '../support/wait-for.ts'

const SIZE = '32x32'

let gateway: TestGateway
let caller: TestUser
const upstreams: FakeOpenAIServer[] = []
let models = 0

beforeAll(async () => {
  gateway = await startTestGateway()
  caller = await gateway.addUser()
})

afterAll(async () => {
  await gateway.close()
  for (const upstream of upstreams) await upstream.close()
})

const newModel = () => `model-${++models}`

/** An image server of a test's own; each service is told apart by what it calls the model. */
async function newUpstream(): Promise<FakeOpenAIServer> {
  const upstream = await startFakeOpenAIServer()
  upstreams.push(upstream)
  return upstream
}

const offer = (
  upstream: FakeOpenAIServer,
  name: string,
  models: readonly string[],
  change: Partial<AgentServiceConfig> = {}
): Partial<AgentServiceConfig> => ({
  name,
  engine: 'openai',
  url: upstream.url,
  timeoutMs: 800,
  models: models.map((id) => ({ id, servedAs: name, features: ['generate' as const] })),
  ...change
})

/** The services that were asked, in order. */
const asked = (upstream: FakeOpenAIServer, is: (request: FakeRequest) => boolean = () => true) =>
  upstream.requests.filter(is).map((request) => request.json?.model)

const agent = (services: Partial<AgentServiceConfig>[], { key } = caller) =>
  gateway.addAgent({ key, name: `agent of ${services[0]?.name} ${models}`, services })

const call = (model: string, fields: Record<string, unknown> = {}, { client } = caller) =>
  generate(client, { model, size: SIZE, ...fields })

async function jobOfError(error: { requestID?: string | null | undefined }, model: string): Promise<JobAnswer> {
  expect(error).toBeDefined()
  const { id } = await gateway.database.db
    .selectFrom('requests')
    .select('id')
    .where('model', '=', model)
    .orderBy('created_at', 'desc')
    .executeTakeFirstOrThrow()
  return getJob(caller.client, id)
}

const brief = (job: JobAnswer) =>
  job.attempts.map(({ service, status, reason }) => [service, status, reason?.split(':')[0] ?? null])

describe('a service that fails', () => {
  it('is followed by another, and both attempts are told with their reasons', async () => {
    const model = newModel()
    const upstream = await newUpstream()
    await agent([offer(upstream, 'a', [model]), offer(upstream, 'b', [model])])
    upstream.setBehaviour({ queue: ['error_500'] })
    const answer = await call(model)
    const [first, second] = asked(upstream)
    expect([first, second].sort()).toEqual(['a', 'b'])
    const job = await getJob(caller.client, answer.request_id)
    expect(brief(job)).toEqual([
      [first, 'failed', 'crashed'],
      [second, 'succeeded', null]
    ])
    expect(job.attempts[0]?.reason).toContain('The server had an error')
    expect(answer).not.toHaveProperty('warnings')
  })

  it('is followed by one of another provider', async () => {
    const model = newModel()
    const upstream = await newUpstream()
    await agent([offer(upstream, 'here', [model])])
    await agent([offer(upstream, 'there', [model])], await gateway.addUser())
    upstream.setBehaviour({ queue: ['text_file'] })
    const job = await getJob(caller.client, (await call(model)).request_id)
    expect(new Set(asked(upstream))).toEqual(new Set(['here', 'there']))
    expect(new Set(job.attempts.map(({ provider }) => provider)).size).toBe(2)
    expect(job.attempts.map(({ status }) => status)).toEqual(['failed', 'succeeded'])
  })

  it('is waited for rather than asked again when another is only busy', async () => {
    const model = newModel()
    const other = newModel()
    const upstream = await newUpstream()
    await agent([offer(upstream, 'fails', [model]), offer(upstream, 'busy', [model, other], { timeoutMs: 20_000 })])
    const gate = Promise.withResolvers<void>()
    upstream.setBehaviour({
      choose: ({ json }) => {
        if (json?.prompt === 'hold') return { name: 'slow', until: gate.promise }
        return json?.model === 'fails' ? 'error_500' : 'ok'
      }
    })
    const holding = call(other, { prompt: 'hold' })
    await waitFor(() => upstream.requests.length === 1)
    const waiting = call(model)
    await waitFor(() => upstream.requests.length === 2)
    const beside = call(model, { prompt: 'beside' })
    await waitFor(() => upstream.requests.length === 3)
    gate.resolve()
    await Promise.all([holding, waiting, beside])
    expect(asked(upstream, ({ json }) => json?.prompt !== 'hold')).toEqual(['fails', 'fails', 'busy', 'busy'])
  })

  it('is not asked a fourth time: three faults of nodes are the end', async () => {
    const model = newModel()
    const upstream = await newUpstream()
    await agent(['a', 'b', 'c', 'd', 'e'].map((name) => offer(upstream, name, [model])))
    upstream.setBehaviour({ default: 'error_500' })
    const error = await apiErrorOf(call(model))
    expect(error).toMatchObject({ status: 502, code: 'upstream_error' })
    expect(error.headers?.get('x-should-retry')).toBe('false')
    expect(asked(upstream)).toHaveLength(3)
    expect(new Set(asked(upstream)).size).toBe(3)
    expect((await jobOfError(error, model)).attempts).toHaveLength(3)
  })

  it('does not wait for one that this caller may not use', async () => {
    const model = newModel()
    const upstream = await newUpstream()
    await agent([offer(upstream, 'open', [model])])
    const stranger = await gateway.addUser()
    await agent([offer(upstream, 'private', [model], { access: 'private' })], stranger)
    await agent([offer(upstream, 'guests', [model], { access: ['somebody@example.org'] })], await gateway.addUser())
    upstream.setBehaviour({ queue: ['error_500', 'error_500'] })
    await call(model)
    expect(asked(upstream)).toEqual(['open', 'open', 'open'])
    upstream.setBehaviour({ queue: ['hang'] })
    expect(await apiErrorOf(call(model))).toMatchObject({ status: 502, code: 'upstream_error' })
  })

  it('is followed by one that is open to this caller by address', async () => {
    const model = newModel()
    const upstream = await newUpstream()
    await agent([offer(upstream, 'open', [model])])
    const access = [caller.email.toUpperCase()]
    await agent([offer(upstream, 'guests', [model], { access })], await gateway.addUser())
    upstream.setBehaviour({ queue: ['hang'] })
    const job = await getJob(caller.client, (await call(model)).request_id)
    expect(new Set(job.attempts.map(({ service }) => service))).toEqual(new Set(['open', 'guests']))
  })
})

describe('a service that takes too long', () => {
  it('is never asked again for that image, though it is the only one left that has not failed otherwise', async () => {
    const model = newModel()
    const upstream = await newUpstream()
    await agent([offer(upstream, 'a', [model]), offer(upstream, 'b', [model])])
    upstream.setBehaviour({ queue: ['hang', 'error_500', 'error_500'] })
    const error = await apiErrorOf(call(model))
    expect(error).toMatchObject({ status: 502, code: 'upstream_error' })
    const [slow, other, again] = asked(upstream)
    expect(other).not.toBe(slow)
    expect(again).toBe(other)
    expect(asked(upstream)).toHaveLength(3)
    expect(brief(await jobOfError(error, model))).toEqual([
      [slow, 'failed', 'timeout'],
      [other, 'failed', 'crashed'],
      [other, 'failed', 'crashed']
    ])
    expect(await call(model, { prompt: 'another image' })).toBeDefined()
  })

  it('ends the request when every service has', async () => {
    const model = newModel()
    const upstream = await newUpstream()
    await agent([offer(upstream, 'a', [model]), offer(upstream, 'b', [model])])
    upstream.setBehaviour({ default: 'hang' })
    const error = await apiErrorOf(call(model))
    expect(error).toMatchObject({ status: 502, code: 'upstream_error' })
    expect(error.message).toContain('800ms')
    expect([...asked(upstream)].sort()).toEqual(['a', 'b'])
    await waitFor(() => upstream.requests.every((request) => request.abandoned))
  })

  it('is followed by one that cools down, if there is no other', async () => {
    const [model, only] = [newModel(), newModel()]
    const upstream = await newUpstream()
    await agent([offer(upstream, 'cools', [model, only]), offer(upstream, 'slow', [model])])
    await coolDown(upstream, only)
    upstream.setBehaviour({ choose: ({ json }) => (json?.model === 'slow' ? 'hang' : 'ok') })
    const job = await getJob(caller.client, (await call(model)).request_id)
    expect(brief(job)).toEqual([
      ['slow', 'failed', 'timeout'],
      ['cools', 'succeeded', null]
    ])
  })
})

/** Lets the one service that has this model fail six times in a row. */
async function coolDown(upstream: FakeOpenAIServer, model: string): Promise<void> {
  upstream.setBehaviour({ default: 'error_500' })
  await apiErrorOf(call(model))
  await apiErrorOf(call(model))
  upstream.setBehaviour({ default: 'ok' })
}

const serviceRow = (name: string) =>
  gateway.database.db.selectFrom('services').selectAll().where('name', '=', name).executeTakeFirstOrThrow()

const providersOf = async (model: string) =>
  ((await caller.client.models.retrieve(model)) as unknown as { providers: number }).providers

describe('five faults in a row', () => {
  it('make a service the last to be asked, but not less online, and the next good image forgives them', async () => {
    const [model, only] = [newModel(), newModel()]
    const upstream = await newUpstream()
    await agent([offer(upstream, 'cooling', [model, only])])
    const healthy = await agent([offer(upstream, 'healthy', [model])])
    await coolDown(upstream, only)
    expect((await serviceRow('cooling')).cooling_until).toBeGreaterThan(Date.now() + 20_000)

    for (let i = 0; i < 3; i++) await call(model, { prompt: `beside ${i}` })
    expect(asked(upstream, ({ json }) => String(json?.prompt).startsWith('beside'))).toEqual(Array(3).fill('healthy'))
    expect(await providersOf(model)).toBe(2)

    await healthy.stop()
    await waitFor(async () => (await providersOf(model)) === 1)
    await call(model, { prompt: 'alone' })
    expect(asked(upstream, ({ json }) => json?.prompt === 'alone')).toEqual(['cooling'])
    expect(await serviceRow('cooling')).toMatchObject({ faults_in_row: 0, cooling_until: 0 })
  })

  it('that are interrupted by a good image are not in a row', async () => {
    const model = newModel()
    const upstream = await newUpstream()
    await agent([offer(upstream, 'moody', [model])])
    for (let i = 0; i < 3; i++) {
      upstream.setBehaviour({ queue: ['error_500', 'error_500'] })
      await call(model)
    }
    expect(await serviceRow('moody')).toMatchObject({ faults_in_row: 0, cooling_until: 0 })
  })
})

describe('of several images', () => {
  const failing =
    (...seeds: number[]) =>
    ({ json }: FakeRequest) =>
      seeds.includes(json?.seed as number) ? ('error_500' as const) : undefined

  it('those that could be made are the answer, and a warning names the others', async () => {
    const model = newModel()
    const upstream = await newUpstream()
    await agent([offer(upstream, 'a', [model], { concurrency: 2 }), offer(upstream, 'b', [model])])
    upstream.setBehaviour({ choose: failing(8) })
    const answer = await call(model, { n: 3, seed: 7 })
    expect(answer.data.map((item) => item.seed)).toEqual([7, 9])
    expect(answer.warnings).toHaveLength(1)
    expect(answer.warnings?.[0]).toMatch(/^Image 2 of 3 failed: .+\(after 3 attempts\)/)
    const job = await getJob(caller.client, answer.request_id)
    expect(job.status).toBe('PROCESSED')
    expect(job.result?.data.map((item) => item.seed)).toEqual([7, 9])
    const usage = gateway.database.db.selectFrom('usage_images').selectAll().where('request_id', '=', answer.request_id)
    expect((await usage.execute()).length).toBe(2)
  })

  it('none that could be made is an error', async () => {
    const model = newModel()
    const upstream = await newUpstream()
    await agent([offer(upstream, 'a', [model], { concurrency: 3 })])
    upstream.setBehaviour({ default: 'error_500' })
    const error = await apiErrorOf(call(model, { n: 3 }))
    expect(error).toMatchObject({ status: 502, code: 'upstream_error' })
    const job = await jobOfError(error, model)
    expect(job).toMatchObject({ status: 'FAILED', error: { code: 'upstream_error' } })
    expect(job.attempts).toHaveLength(9)
  })

  it('the reason of the first is the answer when they fail for different ones', async () => {
    const model = newModel()
    const upstream = await newUpstream()
    await agent([offer(upstream, 'a', [model], { concurrency: 2 })])
    upstream.setBehaviour({ choose: ({ json }) => (json?.seed === 1 ? 'moderation_blocked' : 'error_500') })
    expect(await apiErrorOf(call(model, { n: 2, seed: 1 }))).toMatchObject({ status: 400, code: 'content_rejected' })
  })
})

describe('a task that waits for a busy service', () => {
  it('does not keep the free ones from other work, however many rounds go by', async () => {
    const [model, fast] = [newModel(), newModel()]
    const upstream = await newUpstream()
    await agent([offer(upstream, 'free', [model, fast]), offer(upstream, 'busy', [model], { timeoutMs: 20_000 })])
    const gate = Promise.withResolvers<void>()
    upstream.setBehaviour({
      choose: ({ json }) => {
        if (json?.prompt !== 'hold') return 'ok'
        return json.model === 'busy' ? { name: 'slow', until: gate.promise } : 'error_500'
      }
    })
    // Both end up waiting for the busy service, one of them running there.
    const held = [1, 2].map(() => call(model, { prompt: 'hold', async: true }))
    const ids = (await Promise.all(held)).map((job) => (job as unknown as { id: string }).id)
    await waitFor(() => asked(upstream).includes('busy') && asked(upstream).includes('free'))
    for (let i = 0; i < 40; i++) await call(fast, { prompt: `quick ${i}` })
    gate.resolve()
    for (const id of ids) await waitFor(async () => (await getJob(caller.client, id)).status === 'PROCESSED')
  })
})
