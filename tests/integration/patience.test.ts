import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import type { ProbeTimes } from '../../src/agent/probe-times.ts'
import type { AgentServiceConfig } from '../../src/config/agent-config.ts'
import { ENGINES, startServerOf } from '../support/engine-servers.ts'
import { type FakeOpenAIServer, startFakeOpenAIServer } from '../support/fake-openai-server.ts'
import { generate, getJob } from '../support/image-calls.ts'
import { apiErrorOf } from '../support/read-error.ts'
import { startStagedServer } from '../support/staged-server.ts'
import { startTestGateway, type TestGateway, type TestUser } from '../support/test-gateway.ts'
import { waitFor } from '../support/wait-for.ts'

let gateway: TestGateway
let user: TestUser
let upstream: FakeOpenAIServer

const start = async (env: Record<string, string> = {}) => {
  gateway = await startTestGateway({ env })
  user = await gateway.addUser()
}
beforeEach(async () => {
  upstream = await startFakeOpenAIServer()
})
afterEach(async () => {
  await gateway.close()
  await upstream.close()
})

const service = (name: string, change: Partial<AgentServiceConfig> = {}): Partial<AgentServiceConfig> => ({
  name,
  engine: 'openai',
  url: upstream.url,
  models: [{ id: 'm', servedAs: name, features: ['generate'] }],
  ...change
})
const connect = (...services: Partial<AgentServiceConfig>[]) =>
  gateway.addAgent({ key: user.key, name: 'rig', services: services.length > 0 ? services : [service('only')] })
const call = (fields: Record<string, unknown> = {}) => generate(user.client, { model: 'm', size: '32x32', ...fields })
const submit = async (fields: Record<string, unknown> = {}) =>
  ((await call({ async: true, ...fields })) as unknown as { id: string }).id
const job = (id: string) => getJob(user.client, id)
const waitingReason = async (id: string) =>
  ((await job(id)) as unknown as { waiting?: { reason: string } }).waiting?.reason
const processed = (id: string) => waitFor(async () => (await job(id)).status === 'PROCESSED')
/** SDKs put the status before it. */
const told = ({ message }: { message: string }) => message.replace(/^\d{3} /, '')
const asked = (name = 'only') => upstream.requests.filter(({ json }) => json?.model === name).length
const pauses = () => gateway.database.db.selectFrom('service_pauses').selectAll().execute()
/** As if their time had come. */
const endPauses = async () => {
  await gateway.database.db.updateTable('service_pauses').set({ until: 0 }).execute()
  gateway.database.bell.ring('tasks')
}
const patience = (headers: Record<string, string>, status = 429) => ({
  name: 'custom' as const,
  status,
  headers,
  body: { error: { message: 'Slow down.' } }
})

describe('an image server that asks for patience', () => {
  it.each([429, 503])('with %i is left alone for as long, and the image is made then', async (status) => {
    await start()
    await connect()
    upstream.setBehaviour({ queue: Array(4).fill(patience({ 'retry-after': '600' }, status)) })
    const began = Date.now()
    const id = await submit()
    await waitFor(async () => (await pauses()).length === 1)
    const [pause] = await pauses()
    expect(pause).toMatchObject({ model: '', reason: 'busy', in_row: 1 })
    expect(pause!.until).toBeGreaterThanOrEqual(began + 600_000)
    expect(pause!.until).toBeLessThan(Date.now() + 601_000)
    // What comes meanwhile waits as well.
    const other = await submit()
    expect((await job(id)).status).not.toBe('FAILED')
    upstream.setBehaviour({ queue: [] })
    await endPauses()
    await processed(id)
    await processed(other)
    expect(asked()).toBe(3)
    expect(await pauses()).toEqual([])
    expect((await job(id)).attempts.map(({ reason }) => reason?.split(':')[0])).toEqual(['busy', undefined])
  })

  it('is asked again by itself when the time has come, more than three times if need be', async () => {
    await start()
    await connect()
    upstream.setBehaviour({ queue: Array(5).fill(patience({ 'retry-after-ms': '20' })) })
    await call()
    expect(asked()).toBe(6)
    const row = await gateway.database.db.selectFrom('services').selectAll().executeTakeFirstOrThrow()
    expect(row).toMatchObject({ faults_in_row: 0, cooling_until: 0 })
  })

  it('is no obstacle to others', async () => {
    await start()
    await connect(service('a'), service('b'))
    upstream.setBehaviour({ choose: ({ json }) => (json?.model === 'a' ? patience({ 'retry-after': '60' }) : 'ok') })
    for (let i = 0; i < 4; i++) await call({ prompt: `fox ${i}` })
    expect([asked('a') <= 1, asked('b')]).toEqual([true, 4])
  })

  it('is believed for an hour at most', async () => {
    await start()
    await connect()
    upstream.setBehaviour({ default: patience({ 'retry-after': '999999' }) })
    await submit()
    await waitFor(async () => (await pauses()).length === 1)
    expect((await pauses())[0]!.until).toBeLessThanOrEqual(Date.now() + 3_600_000)
  })

  it('without saying for how long is asked less and less often', async () => {
    await start()
    await connect()
    upstream.setBehaviour({ default: 'koboldcpp_busy' })
    await submit()
    const lengths: number[] = []
    for (let round = 1; round <= 3; round++) {
      await waitFor(async () => (await pauses())[0]?.in_row === round)
      lengths.push(Math.round(((await pauses())[0]!.until - Date.now()) / 1000))
      await endPauses()
    }
    expect(lengths).toEqual([2, 4, 8])
    expect(asked()).toBeLessThanOrEqual(4)
  })

  it('stays left alone when its agent connects anew, and work that began before changes nothing', async () => {
    await start()
    const first = await connect()
    upstream.setBehaviour({ default: patience({ 'retry-after': '600' }) })
    await submit()
    await waitFor(async () => (await pauses()).length === 1)
    const before = await pauses()
    await first.stop()
    await connect()
    expect(await pauses()).toEqual(before)
    expect(asked()).toBe(1)
  })
})

describe('a caller who waits for nothing else', () => {
  it('is told to come back, and the request is over', async () => {
    await start({ INFERENCE_CLUB_LIMITS_SYNC_TIMEOUT: '600ms' })
    await connect()
    upstream.setBehaviour({ default: patience({ 'retry-after': '120' }) })
    const error = await apiErrorOf(call())
    expect(error).toMatchObject({ status: 503, code: 'upstream_busy', type: 'upstream_busy', param: null })
    expect(error.headers?.get('retry-after')).toBe('59')
    expect(error.headers?.get('x-should-retry')).not.toBe('false')
    expect(asked()).toBe(1)
    // Nobody canceled it: who looks at it later reads what it was.
    const { data } = (await (await gateway.call('/v1/jobs', { key: user.key })).json()) as {
      data: { id: string; error: { message: string } }[]
    }
    expect(data).toMatchObject([{ status: 'FAILED', error: { code: 'upstream_busy' } }])
    expect(told(error)).toBe(`${data[0]?.error.message} Try again later.`)
    expect((await gateway.call(`/v1/jobs/${data[0]?.id}/retry`, { key: user.key, method: 'POST' })).status).toBe(202)
  })

  it('with a key comes back for the same request', async () => {
    await start({ INFERENCE_CLUB_LIMITS_SYNC_TIMEOUT: '600ms' })
    await connect()
    upstream.setBehaviour({ queue: [patience({ 'retry-after': '120' })] })
    const again = () =>
      gateway.call('/v1/images/generations', {
        key: user.key,
        json: { model: 'm', prompt: 'a fox', size: '32x32' },
        headers: { 'idempotency-key': 'k' }
      })
    expect((await again()).status).toBe(503)
    await endPauses()
    expect((await again()).status).toBe(200)
    expect(asked()).toBe(2)
    expect(await gateway.database.db.selectFrom('requests').select('state').execute()).toEqual([{ state: 'succeeded' }])
  })

  it('is told so when the owner lets others have no more for now', async () => {
    await start({ INFERENCE_CLUB_LIMITS_SYNC_TIMEOUT: '600ms' })
    await connect(service('only', { imagesPerUserHour: 1 }))
    const other = await gateway.addUser()
    const make = () => generate(other.client, { model: 'm', size: '32x32' })
    await make()
    const error = await apiErrorOf(make())
    expect(error).toMatchObject({ status: 503, code: 'upstream_busy' })
    expect(error.message).toMatch(
      /The owner of the machine that has this model lets each of the others have .* There may be more at \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ\.$/
    )
    // An SDK would obey 59 seconds twice, and be told the same.
    expect(Number(error.headers?.get('retry-after'))).toBeGreaterThan(3500)
    expect(error.headers?.get('x-should-retry')).toBe('false')
    const ends = gateway.database.db
      .selectFrom('requests')
      .select(['state', 'error_code', 'error_message', 'error_reason'])
    expect(await ends.where('state', '!=', 'succeeded').execute()).toEqual([
      { state: 'failed', error_code: 'upstream_busy', error_message: told(error), error_reason: 'capped' }
    ])
    await call()
  })

  it('is told soon when no image server can be used, and not while one is only busy', async () => {
    await start({ INFERENCE_CLUB_LIMITS_UNUSABLE_TIMEOUT: '300ms', INFERENCE_CLUB_LIMITS_SYNC_TIMEOUT: '20s' })
    const gone = await startFakeOpenAIServer()
    await gone.close()
    await connect(service('gone', { url: gone.url }))
    const began = performance.now()
    const error = await apiErrorOf(call())
    expect(performance.now() - began).toBeLessThan(10_000)
    expect(error).toMatchObject({
      status: 503,
      code: 'upstream_busy',
      message: expect.stringMatching(/cannot be used/)
    })
    expect(error.headers?.get('retry-after')).toBeTruthy()
    expect(error.message).toContain("It is your machine 'rig': see that its image server runs")
    // An admin may read the record.
    const kept = gateway.database.db.selectFrom('requests').select(['error_message', 'error_reason', 'error_machines'])
    const rig = await gateway.database.db.selectFrom('providers').select('id').executeTakeFirstOrThrow()
    expect(await kept.executeTakeFirstOrThrow()).toEqual({
      error_message: 'The image servers that have this model cannot be used at the moment.',
      error_reason: 'unusable',
      error_machines: JSON.stringify([rig.id])
    })
    // Others are told whom to tell, and of no machine that they may not use.
    const [other, third] = [await gateway.addUser(), await gateway.addUser()]
    const hidden = service('hidden', { url: gone.url, access: 'private' })
    await gateway.addAgent({ key: third.key, name: 'hideout', services: [hidden] })
    const { message } = await apiErrorOf(generate(other.client, { model: 'm', size: '32x32' }))
    expect(message).toMatch(/If it stays so, tell [^ ,]+, whose machine 'rig' it is\.$/)
    expect(message).not.toContain('hideout')
    await connect(service('gone', { url: gone.url }), service('busy'))
    upstream.setBehaviour({ queue: Array(2).fill(patience({ 'retry-after': '1' })) })
    await call()
    expect(asked('busy')).toBe(3)
  })

  it('is told the usual when another works on it', async () => {
    await start({ INFERENCE_CLUB_LIMITS_SYNC_TIMEOUT: '600ms' })
    await connect()
    upstream.setBehaviour({ default: 'hang' })
    expect(await apiErrorOf(call())).toMatchObject({ status: 504, code: 'timeout' })
  })
})

it('what has waited for too long for a service that was left alone all the time fails, to be tried again', async () => {
  await start({ INFERENCE_CLUB_LIMITS_NO_PROVIDER_TIMEOUT: '300ms' })
  await connect()
  upstream.setBehaviour({ default: patience({ 'retry-after': '600' }) })
  const [first, never] = [await submit(), await submit()]
  for (const id of [first, never]) {
    await waitFor(async () => (await job(id)).status === 'FAILED')
    expect(await job(id)).toMatchObject({ error: { code: 'upstream_busy' } })
  }
  expect(asked()).toBe(1)
})

/** Connects an agent of a service at an address where that server is met until it is shown otherwise, and has it make an image. */
async function stage(url: string, one: Partial<AgentServiceConfig>, times: Partial<ProbeTimes> = {}) {
  const proxy = await startStagedServer()
  onTestFinished(() => proxy.close())
  await proxy.show(new URL(url))
  const probing = { patientMs: 60_000, firstPauseMs: 20, longestPauseMs: 50, longestSoonMs: 50, ...times }
  await gateway.addAgent({ key: user.key, name: 'rig', services: [{ ...one, url: proxy.url }], probing })
  await call()
  return { proxy }
}

/** The same with a server of that engine. */
async function connectStaged(
  engine: (typeof ENGINES)[number],
  change: Partial<AgentServiceConfig> = {},
  times: Partial<ProbeTimes> = {}
) {
  const real = await startServerOf[engine](['paint'])
  onTestFinished(() => real.close())
  const models = [{ id: 'm', servedAs: 'paint', features: ['generate' as const] }]
  return { real, ...(await stage(real.url, { name: 'only', engine, models, ...change }, times)) }
}

describe('an image server that restarts', () => {
  it('finds the queue as it was', async () => {
    await start()
    await connect()
    const { port } = new URL(upstream.url)
    await upstream.close()
    const ids = await Promise.all(Array.from({ length: 5 }, () => submit()))
    await waitFor(async () => (await pauses())[0]?.reason === 'unreachable')
    upstream = await startFakeOpenAIServer({ port: Number(port) })
    await endPauses()
    for (const id of ids) await processed(id)
    expect(asked()).toBe(5)
  })

  it.each(ENGINES)(
    'finds the queue as it was, whatever answered meanwhile at the address of one of %s',
    async (engine) => {
      await start()
      const { proxy, real } = await connectStaged(engine)
      for (const stage of [
        'nobody behind',
        'no answer behind',
        'a page',
        'a sign-in',
        'another program',
        'no such route'
      ] as const) {
        await proxy.show(stage)
        const ids = await Promise.all(Array.from({ length: 5 }, () => submit()))
        await waitFor(async () => (await waitingReason(ids[0]!)) === 'unusable')
        // What comes when it is known waits as well.
        ids.push(await submit())
        await proxy.show(new URL(real.url))
        for (const id of ids) {
          await waitFor(async () => {
            await endPauses()
            return (await job(id)).status === 'PROCESSED'
          })
          const reasons = (await job(id)).attempts.map(({ reason }) => reason?.split(':')[0])
          expect(reasons.filter((one) => !['unreachable', undefined].includes(one))).toEqual([])
        }
      }
    },
    60_000
  )

  it.each(ENGINES)('finds the queue as it was, though one of %s hung until then', async (engine) => {
    await start()
    const { proxy, real } = await connectStaged(engine, { concurrency: 2, timeoutMs: 1500 }, { withinMs: 200 })
    await proxy.show('hanging')
    const ids = await Promise.all(Array.from({ length: 6 }, () => submit()))
    await waitFor(async () => (await waitingReason(ids[5]!)) === 'unusable', 10_000)
    await waitFor(async () => (await Promise.all(ids.map(job))).every(({ status }) => status === 'QUEUED'))
    await proxy.show(new URL(real.url))
    for (const id of ids) await processed(id)
    const reasons = (await Promise.all(ids.map(job))).flatMap(({ attempts }) => attempts.map(({ reason }) => reason))
    // Two had been given to it when it was found.
    expect(reasons.filter((reason) => reason !== null).length).toBeLessThanOrEqual(2)
  })

  it('makes an image no fourth time that took too long three times while it answered nothing else', async () => {
    await start()
    const { proxy } = await stage(upstream.url, service('only', { timeoutMs: 400 }), { withinMs: 100 })
    upstream.setBehaviour({ queue: ['hang', 'hang', 'hang'] })
    const id = await submit()
    for (const [index, reason] of ['hung', 'hung', 'timeout'].entries()) {
      await waitFor(async () => asked() === index + 2)
      await proxy.show('hanging')
      await waitFor(async () => (await job(id)).attempts[index]?.reason?.split(':')[0] === reason)
      await proxy.show(new URL(upstream.url))
    }
    expect(await job(id)).toMatchObject({
      status: 'FAILED',
      error: { code: 'upstream_error', message: expect.stringContaining('Its image server answers nothing any more.') }
    })
    await call()
  })

  it('is slow with its first image after it was away, which is tried once more', async () => {
    await start()
    const { proxy } = await stage(upstream.url, service('only', { timeoutMs: 400 }), { withinMs: 100 })
    upstream.setBehaviour({ queue: ['hang', 'hang'] })
    const id = await submit()
    await waitFor(async () => asked() === 2)
    await proxy.show('hanging')
    await waitFor(async () => (await waitingReason(id)) === 'unusable')
    await proxy.show(new URL(upstream.url))
    const late = 'The image took longer than 400ms.'
    await waitFor(async () => Boolean((await job(id)).attempts[1]?.reason))
    expect((await job(id)).attempts.map(({ reason }) => reason)).toEqual([
      `hung: ${late} Its image server answers nothing any more.`,
      `hung: ${late} Its image server has made nothing since the last that failed there.`
    ])
    await endPauses()
    await processed(id)
  })

  it('keeps the queue of one that answers and makes nothing any more, and tries one image after a while', async () => {
    await start()
    await connect(service('only', { timeoutMs: 300 }))
    upstream.setBehaviour({ default: 'hang' })
    const ids: string[] = []
    for (let i = 0; i < 4; i++) ids.push(await submit())
    await waitFor(async () => (await waitingReason(ids[3]!)) === 'unusable')
    const states = async () => (await Promise.all(ids.map(job))).map(({ status }) => status)
    // Of the first it may be its own fault.
    expect(await states()).toEqual(['FAILED', 'QUEUED', 'QUEUED', 'QUEUED'])
    for (const [index, seconds] of [30, 60].entries()) {
      await waitFor(async () => (await pauses())[0]?.in_row === index + 1)
      expect(Math.round(((await pauses())[0]!.until - Date.now()) / 1000)).toBe(seconds)
      if (index === 0) await endPauses()
    }
    expect(asked()).toBe(3)
    const reasons = (await Promise.all(ids.map(job))).map(({ attempts }) => attempts.map(({ reason }) => reason))
    const late = 'The image took longer than 300ms.'
    expect(reasons.flat().toSorted()).toEqual([
      ...Array(2).fill(`hung: ${late} Its image server has made nothing since the last that failed there.`),
      `timeout: ${late}`
    ])
    upstream.setBehaviour({ default: 'ok' })
    await endPauses()
    for (const id of ids.slice(1)) await processed(id)
    expect(await pauses()).toEqual([])
  })

  it('is tried at once when its agent connects anew', async () => {
    await start()
    const gone = await startFakeOpenAIServer()
    await gone.close()
    const first = await connect(service('only', { url: gone.url }))
    const id = await submit()
    await waitFor(async () => (await pauses())[0]?.reason === 'unreachable')
    await first.stop()
    await connect()
    await processed(id)
  })

  it('leaves other models alone when one is missing', async () => {
    await start()
    const model = (id: string) => ({ id, servedAs: id, features: ['generate' as const] })
    await connect(service('two', { models: [model('there'), model('gone')] }))
    upstream.setBehaviour({ choose: ({ json }) => (json?.model === 'gone' ? 'model_not_found' : 'ok') })
    const id = await submit({ model: 'gone' })
    await waitFor(async () => (await pauses()).length === 1)
    await call({ model: 'there' })
    expect(await pauses()).toMatchObject([{ model: 'gone', reason: 'model_missing' }])
    expect(await job(id)).toMatchObject({ status: 'QUEUED', waiting: { reason: 'missing' } })
    const list = async (query: string) =>
      ((await (await gateway.call(`/v1/jobs?${query}`, { key: user.key })).json()) as { data: { id: string }[] }).data
    expect(await list('status=QUEUED')).toMatchObject([{ id, status: 'QUEUED' }])
    expect(await list('active=1')).toMatchObject([{ id, status: 'QUEUED' }])
    expect(await list('status=PROCESSING')).toEqual([])
    expect([asked('gone'), asked('there')]).toEqual([1, 1])
  })
})
