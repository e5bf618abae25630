import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Agent, runAgent } from '../../src/agent/run-agent.ts'
import { silentLogger } from '../../src/lib/logger.ts'
import {
  assetsOf,
  attemptRow,
  connectFor,
  declared,
  ended,
  outcomes,
  picture,
  submit,
  unique,
  usageOf
} from '../support/agent-work.ts'
import { type CuttableProxy, startCuttableProxy } from '../support/cuttable-proxy.ts'
import { type FakeOpenAIServer, startFakeOpenAIServer } from '../support/fake-openai-server.ts'
import { fetchImage, getJob } from '../support/image-calls.ts'
import { connectRawAgent } from '../support/raw-agent.ts'
import { storedFiles } from '../support/stored-files.ts'
import { agentConfig, startTestGateway, type TestGateway, type TestUser } from '../support/test-gateway.ts'
import { waitFor } from '../support/wait-for.ts'

describe('an agent whose connection breaks', () => {
  let gateway: TestGateway
  let upstream: FakeOpenAIServer
  let proxy: CuttableProxy
  let user: TestUser
  const agents: Agent[] = []

  beforeAll(async () => {
    upstream = await startFakeOpenAIServer()
    gateway = await startTestGateway()
    proxy = await startCuttableProxy(gateway.url)
    user = await gateway.addUser()
  })

  afterAll(async () => {
    for (const agent of agents) await agent.stop()
    await proxy.close()
    await gateway.close()
    await upstream.close()
  })

  /** An agent that reaches the gateway through the proxy; the image server holds its work until `release`. */
  async function heldWork({ timeoutMs = 20_000 } = {}) {
    const [model, name] = [unique('model'), unique('rig')]
    const gate = Promise.withResolvers<void>()
    upstream.setBehaviour({ default: { name: 'slow', until: gate.promise } })
    const services = [
      {
        engine: 'openai',
        url: upstream.url,
        timeoutMs,
        models: [{ id: model, servedAs: model, features: ['generate' as const] }]
      }
    ]
    const config = agentConfig({ gateway: proxy.url, key: user.key, name, services })
    const agent = runAgent({ config, logger: silentLogger() })
    agents.push(agent)
    await agent.online
    const id = await submit(user, model)
    const calls = () => upstream.requests.filter(({ json }) => json?.model === model)
    await waitFor(() => calls().length === 1)
    const session = () => gateway.gateway.context.registry.sessions().find((one) => one.name === name)
    return { id, calls, session, release: () => gate.resolve() }
  }

  it('in the middle of an image comes back, goes on, and delivers', async () => {
    const { id, calls, session, release } = await heldWork()
    const { epoch } = session()!
    expect(proxy.cut()).toBeGreaterThan(0)
    const resumed = await waitFor(() => (session()?.epoch ?? 0) > epoch && session())
    expect(resumed.heldAttempts()).toHaveLength(1)
    release()
    const job = await ended(user, id)
    expect(job.status).toBe('PROCESSED')
    expect(outcomes(job)).toEqual([['succeeded', null]])
    expect(calls()).toHaveLength(1)
    expect(await assetsOf(gateway, id)).toHaveLength(1)
    expect(await usageOf(gateway, id)).toHaveLength(1)
  })

  it('and who finishes meanwhile, keeps the image until it can be delivered', async () => {
    const { id, calls, session, release } = await heldWork()
    proxy.setDown(true)
    proxy.cut()
    await waitFor(() => !session())
    release()
    const { connections } = proxy
    await waitFor(() => proxy.connections >= connections + 3)
    expect((await getJob(user.client, id)).status).toBe('PROCESSING')
    proxy.setDown(false)
    const job = await ended(user, id)
    expect(outcomes(job)).toEqual([['succeeded', null]])
    expect(calls()).toHaveLength(1)
    expect(await assetsOf(gateway, id)).toHaveLength(1)
  })

  it('and whose image fails meanwhile, tells it afterwards', async () => {
    const { id, calls, session, release } = await heldWork({ timeoutMs: 800 })
    proxy.setDown(true)
    proxy.cut()
    await waitFor(() => !session())
    await waitFor(() => calls()[0]?.abandoned)
    expect((await getJob(user.client, id)).status).toBe('PROCESSING')
    proxy.setDown(false)
    expect(outcomes(await ended(user, id))).toEqual([['failed', 'timeout']])
    await waitFor(() => session()?.heldAttempts().length === 0)
    release()
  })

  it('and who finds a proxy that knows no gateway meanwhile, goes on looking for it', async () => {
    const { id, calls, session, release } = await heldWork()
    const stray = await startFakeOpenAIServer()
    proxy.setTarget(stray.url)
    proxy.cut()
    await waitFor(() => !session())
    release()
    await waitFor(() => stray.requests.filter(({ method }) => method === 'PUT').length >= 2)
    proxy.setTarget(gateway.url)
    // Connections are kept open: what still leads to the other server must end.
    proxy.cut()
    expect(outcomes(await ended(user, id))).toEqual([['succeeded', null]])
    expect(calls()).toHaveLength(1)
    await stray.close()
  })

  it('and whose request was canceled meanwhile, is told and stops', async () => {
    const { id, calls, session, release } = await heldWork()
    proxy.setDown(true)
    proxy.cut()
    await waitFor(() => !session())
    await gateway.gateway.context.requests.cancel(id)
    proxy.setDown(false)
    await waitFor(() => calls()[0]?.abandoned)
    release()
    expect((await ended(user, id)).status).toBe('CANCELED')
    expect(await assetsOf(gateway, id)).toEqual([])
    await waitFor(() => session()?.heldAttempts().length === 0)
  })
})

describe('a lease that runs out though its agent is there, as after a sleep of the gateway', () => {
  it('is lost to another agent: the first is told to stop and its slot is free again', async () => {
    const gateway = await startTestGateway()
    const user = await gateway.addUser()
    const model = unique('model')
    const first = await connectFor(gateway, user, model)
    const id = await submit(user, model)
    const slept = await first.received('attempt.assigned')
    await gateway.database.db.updateTable('attempts').set({ lease_until: 1 }).execute()
    await gateway.gateway.context.requests.expireLeases()
    const second = await connectFor(gateway, user, model)
    const taken = await second.received('attempt.assigned')
    await first.received('attempt.cancel', ({ attempt_id }) => attempt_id === slept.attempt_id)
    first.send({ type: 'attempt.stopped', attempt_id: slept.attempt_id })
    const next = await submit(user, model)
    const again = await first.received('attempt.assigned', ({ attempt_id }) => attempt_id !== slept.attempt_id)

    await second.put(taken.attempt_id, { token: taken.token, body: await picture() })
    await first.put(again.attempt_id, { token: again.token, body: await picture() })
    expect(outcomes(await ended(user, id))).toEqual([
      ['failed', 'lease_lapsed'],
      ['succeeded', null]
    ])
    expect(outcomes(await ended(user, next))).toEqual([['succeeded', null]])
    await first.close()
    await second.close()
    await gateway.close()
  })
})

describe('a gateway that is stopped and started again', () => {
  it('finds its agent, which delivers what was running, made only once', async () => {
    const dataDir = await mkdtemp(join(tmpdir(), 'restart-'))
    const upstream = await startFakeOpenAIServer()
    const gate = Promise.withResolvers<void>()
    upstream.setBehaviour({ default: { name: 'slow', until: gate.promise } })
    const first = await startTestGateway({ dataDir })
    const user = await first.addUser()
    const model = unique('model')
    const features = ['generate' as const]
    const services = [
      { engine: 'openai', url: upstream.url, concurrency: 2, models: [{ id: model, servedAs: model, features }] }
    ]
    const config = agentConfig({ gateway: first.url, key: user.key, name: 'rig', services })
    const agent = runAgent({ config, logger: silentLogger(), probing: 'off' })
    await agent.online
    const running = await submit(user, model)
    await waitFor(() => upstream.requests.length === 1)
    const finishing = await submit(user, model)
    await waitFor(() => upstream.requests.length === 2)
    const waiting = await submit(user, model)
    await first.close()
    gate.resolve()

    const env = { INFERENCE_CLUB_PORT: new URL(first.url).port }
    const second = await startTestGateway({ dataDir, env })
    expect(second.url).toBe(first.url)
    for (const id of [running, finishing]) {
      const job = await ended(user, id)
      expect(job.status).toBe('PROCESSED')
      expect(outcomes(job)).toEqual([['succeeded', null]])
      expect(await fetchImage(job.result_url!)).toMatchObject({ width: 40, height: 24 })
    }
    expect((await ended(user, waiting)).status).toBe('PROCESSED')
    expect(upstream.requests).toHaveLength(3)
    await agent.stop()
    await second.close()
    await upstream.close()
    await rm(dataDir, { recursive: true })
  })
})

describe('an agent that is gone for good', () => {
  let gateway: TestGateway
  let user: TestUser

  beforeAll(async () => {
    gateway = await startTestGateway({ env: { INFERENCE_CLUB_LIMITS_LEASE: '500ms' } })
    user = await gateway.addUser()
  })
  afterAll(() => gateway.close())

  /** An image that an agent was given before it vanished; its lease has run out. */
  async function lapsed() {
    const model = unique('model')
    const gone = await connectFor(gateway, user, model)
    const id = await submit(user, model)
    const { attempt_id: attemptId, token } = await gone.received('attempt.assigned')
    await gone.close()
    await waitFor(async () => (await attemptRow(gateway, attemptId)).state === 'lapsed')
    return { model, gone, id, attemptId, token }
  }

  it('loses its work to another when its lease has run out', async () => {
    const { model, id, attemptId } = await lapsed()
    expect((await getJob(user.client, id)).status).toMatch(/QUEUED|PROCESSING/)
    const other = await connectFor(gateway, user, model)
    const { attempt_id, token } = await other.received('attempt.assigned')
    expect(attempt_id).not.toBe(attemptId)
    expect((await other.put(attempt_id, { token, body: await picture() })).status).toBe(200)
    expect(outcomes(await ended(user, id))).toEqual([
      ['failed', 'lease_lapsed'],
      ['succeeded', null]
    ])
    expect(await assetsOf(gateway, id)).toHaveLength(1)
    await other.close()
  })

  it('is noticed by its silence, too', async () => {
    const model = unique('model')
    const agent = await connectFor(gateway, user, model)
    const id = await submit(user, model)
    const { attempt_id } = await agent.received('attempt.assigned')
    agent.beQuiet()
    const quietAt = Date.now()
    await agent.closed
    await waitFor(async () => (await attemptRow(gateway, attempt_id)).state === 'lapsed')
    // One lease from its last word, and not from when the connection was given up.
    expect((await attemptRow(gateway, attempt_id)).lease_until).toBeLessThanOrEqual(quietAt + 500)
    await gateway.gateway.context.requests.cancel(id)
  })

  it('keeps its work as long as it is there, many leases long', async () => {
    const model = unique('model')
    const agent = await connectFor(gateway, user, model)
    const id = await submit(user, model)
    const { attempt_id, token } = await agent.received('attempt.assigned')
    const { lease_until } = await attemptRow(gateway, attempt_id)
    await waitFor(async () => (await attemptRow(gateway, attempt_id)).lease_until > lease_until + 1500)
    expect((await agent.put(attempt_id, { token, body: await picture() })).status).toBe(200)
    expect(outcomes(await ended(user, id))).toEqual([['succeeded', null]])
    await agent.close()
  })

  it('may still deliver while nobody else has taken the work', async () => {
    const { model, gone, id, attemptId, token } = await lapsed()
    const body = await picture()
    expect((await gone.put(attemptId, { token, body })).status).toBe(200)
    const job = await ended(user, id)
    expect(outcomes(job)).toEqual([['succeeded', null]])
    expect((await fetchImage(job.result_url!)).bytes.equals(body)).toBe(true)
    const next = await submit(user, model)
    const other = await connectFor(gateway, user, model)
    await other.received('attempt.assigned')
    expect(other.messages.filter(({ type }) => type === 'attempt.assigned')).toHaveLength(1)
    await gateway.gateway.context.requests.cancel(next)
    await other.close()
  })

  it('may come back to its work while nobody else has taken it', async () => {
    const model = unique('model')
    const name = unique('rig')
    const gone = await connectRawAgent({ url: gateway.url, key: user.key })
    await gone.hello({ name, services: [declared(model)] })
    const id = await submit(user, model)
    const { attempt_id, token } = await gone.received('attempt.assigned')
    await gone.close()
    await waitFor(async () => (await attemptRow(gateway, attempt_id)).state === 'lapsed')
    const back = await connectRawAgent({ url: gateway.url, key: user.key })
    const attempts = [{ id: attempt_id, token }]
    expect((await back.hello({ name, services: [declared(model)], attempts })).gone).toEqual([])
    expect(await attemptRow(gateway, attempt_id)).toMatchObject({ state: 'running', reason: null })
    expect((await back.put(attempt_id, { token, body: await picture() })).status).toBe(200)
    expect(outcomes(await ended(user, id))).toEqual([['succeeded', null]])
    await back.close()
  })

  it('is too late once another has taken the work: nothing changes, no bytes stay', async () => {
    const { model, gone, id, attemptId, token } = await lapsed()
    const other = await connectFor(gateway, user, model)
    const taken = await other.received('attempt.assigned')
    const files = await storedFiles(gateway.dataDir)
    const late = await gone.put(attemptId, { token, body: await picture() })
    expect(late.status).toBe(409)
    expect(await late.json()).toMatchObject({ error: { code: 'conflict' } })
    expect(await storedFiles(gateway.dataDir)).toEqual(files)
    expect((await getJob(user.client, id)).status).toBe('PROCESSING')

    const body = await picture()
    expect((await other.put(taken.attempt_id, { token: taken.token, body })).status).toBe(200)
    expect((await gone.put(attemptId, { token, body: await picture() })).status).toBe(409)
    const job = await ended(user, id)
    expect((await fetchImage(job.result_url!)).bytes.equals(body)).toBe(true)
    expect(await usageOf(gateway, id)).toHaveLength(1)
    await other.close()
  })

  it('is too late also when the work is taken while its image is arriving', async () => {
    const { model, gone, id, attemptId, token } = await lapsed()
    const files = await storedFiles(gateway.dataDir)
    const bytes = await picture()
    const arriving = Promise.withResolvers<ReadableStreamDefaultController<Uint8Array>>()
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        controller.enqueue(bytes.subarray(0, 30))
        arriving.resolve(controller)
      }
    })
    const late = gone.put(attemptId, { token, body })
    // Its first bytes are there: the gateway has let it begin.
    await waitFor(async () => (await storedFiles(gateway.dataDir)).length > files.length)
    const other = await connectFor(gateway, user, model)
    const taken = await other.received('attempt.assigned')
    const controller = await arriving.promise
    controller.enqueue(bytes.subarray(30))
    controller.close()
    expect((await late).status).toBe(409)
    expect(await storedFiles(gateway.dataDir)).toEqual(files)
    expect(await assetsOf(gateway, id)).toEqual([])
    expect((await other.put(taken.attempt_id, { token: taken.token, body: await picture() })).status).toBe(200)
    expect((await ended(user, id)).status).toBe('PROCESSED')
    await other.close()
  })

  it('five times is the end', async () => {
    const model = unique('model')
    const id = await submit(user, await offeredOnce(model))
    for (let i = 0; i < 5; i++) {
      const agent = await connectFor(gateway, user, model)
      await agent.received('attempt.assigned')
      await agent.close()
    }
    const job = await ended(user, id)
    expect(job).toMatchObject({ status: 'FAILED', error: { code: 'upstream_error' } })
    expect(outcomes(job)).toEqual(Array(5).fill(['failed', 'lease_lapsed']))
  })

  /** A model that a provider is known to have, though none is online. */
  async function offeredOnce(model: string): Promise<string> {
    await (await connectFor(gateway, user, model)).close()
    await waitFor(async () => !(await user.client.models.list()).data.some((one) => one.id === model))
    return model
  }
})
