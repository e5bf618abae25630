import { DatabaseSync } from 'node:sqlite'
import { Readable } from 'node:stream'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { GatewayRefused } from '../../src/agent/gateway-link.ts'
import { runAgent } from '../../src/agent/run-agent.ts'
import type { AgentServiceConfig } from '../../src/config/agent-config.ts'
import type { Engine } from '../../src/engines/engine.ts'
import { silentLogger } from '../../src/lib/logger.ts'
import { CLOSE_CODES } from '../../src/protocol/messages.ts'
import { type FakeOpenAIServer, startFakeOpenAIServer } from '../support/fake-openai-server.ts'
import { fetchImage, generate, getJob, SMALL } from '../support/image-calls.ts'
import { connectRawAgent } from '../support/raw-agent.ts'
import { apiErrorOf } from '../support/read-error.ts'
import { agentConfig, startTestGateway, type TestGateway, type TestUser } from '../support/test-gateway.ts'
import { waitFor } from '../support/wait-for.ts'

let gateway: TestGateway
let upstream: FakeOpenAIServer
let owner: TestUser
/** Of the size that `SMALL` asks for. */
let picture: Buffer
let made = 0

beforeAll(async () => {
  upstream = await startFakeOpenAIServer()
  gateway = await startTestGateway()
  owner = await gateway.addUser()
  await gateway.addAgent({ key: owner.key, name: 'painter', services: [{}] })
  picture = (await fetchImage((await generate(owner.client, SMALL)).data[0]!.url)).bytes
})

afterAll(async () => {
  await gateway.close()
  await upstream.close()
})

const unique = (what: string) => `${what} ${++made}`

const models = (id: string) => [{ id, servedAs: id, features: ['generate' as const] }]
const offer = (model: string, change: Partial<AgentServiceConfig> = {}): Partial<AgentServiceConfig> => ({
  engine: 'openai',
  url: upstream.url,
  models: models(model),
  ...change
})
const declared = (model: string) => ({ models: [{ id: model, features: ['generate' as const] }] })

const call = (model: string, fields: Record<string, unknown> = {}) =>
  generate(owner.client, { ...SMALL, model, ...fields })

const submit = async (model: string, fields: Record<string, unknown> = {}): Promise<string> =>
  ((await call(model, { ...fields, async: true })) as unknown as { id: string }).id

const job = (id: string) => getJob(owner.client, id)
const ended = (id: string) =>
  waitFor(async () => {
    const now = await job(id)
    return ['PROCESSED', 'FAILED', 'CANCELED'].includes(now.status) && now
  })

const session = (name: string) => gateway.gateway.context.registry.sessions().find((one) => one.name === name)

/** Makes the image server hold what it is asked for this model until `release`; `calls` are those that came. */
function hold(model: string) {
  const gate = Promise.withResolvers<void>()
  const calls = () => upstream.requests.filter(({ json }) => json?.model === model)
  upstream.setBehaviour({
    choose: ({ json }) => (json?.model === model ? { name: 'slow', until: gate.promise } : undefined)
  })
  return { release: () => gate.resolve(), calls, arrived: (count = 1) => waitFor(() => calls().length >= count) }
}

describe('of two agents of one owner and name', () => {
  it('the newer gets the work, and the older is told why it is closed', async () => {
    const [model, name] = [unique('model'), unique('rig')]
    const older = await connectRawAgent({ url: gateway.url, key: owner.key })
    await older.hello({ name, services: [declared(model)] })
    await gateway.addAgent({ key: owner.key, name, services: [offer(model)] })
    expect(await older.closed).toBe(CLOSE_CODES.replaced)
    const answer = await call(model)
    expect(answer.data).toHaveLength(1)
    expect(older.messages.map(({ type }) => type)).toEqual(['gateway.welcome'])
  })

  it('the newer goes on with what it names and the rest is handed out again', async () => {
    const [model, name] = [unique('model'), unique('rig')]
    const older = await connectRawAgent({ url: gateway.url, key: owner.key })
    await older.hello({ name, services: [{ ...declared(model), concurrency: 2 }] })
    const ids = [await submit(model), await submit(model)]
    await waitFor(() => older.messages.filter(({ type }) => type === 'attempt.assigned').length === 2)
    const [kept, dropped] = older.messages.filter((message) => message.type === 'attempt.assigned')

    const newer = await connectRawAgent({ url: gateway.url, key: owner.key })
    const attempts = [
      { id: kept!.attempt_id, token: kept!.token },
      { id: 'att_unknown', token: 'lease_unknown' }
    ]
    const welcome = await newer.hello({ name, services: [{ ...declared(model), concurrency: 2 }], attempts })
    expect(welcome.gone).toEqual(['att_unknown'])
    expect(await older.closed).toBe(CLOSE_CODES.replaced)
    const again = await newer.received('attempt.assigned')
    expect(again.attempt_id).not.toBe(dropped!.attempt_id)

    expect((await older.put(dropped!.attempt_id, { token: dropped!.token, body: picture })).status).toBe(409)
    expect((await newer.put(kept!.attempt_id, { token: kept!.token, body: picture })).status).toBe(200)
    expect((await newer.put(again.attempt_id, { token: again.token, body: picture })).status).toBe(200)
    for (const id of ids) expect((await ended(id)).status).toBe('PROCESSED')
    await newer.close()
  })

  it('neither minds one of another owner or another name', async () => {
    const [model, name] = [unique('model'), unique('rig')]
    const stranger = await gateway.addUser()
    const agents = [
      await connectRawAgent({ url: gateway.url, key: owner.key }),
      await connectRawAgent({ url: gateway.url, key: stranger.key }),
      await connectRawAgent({ url: gateway.url, key: owner.key })
    ]
    await agents[0]!.hello({ name, services: [declared(model)] })
    await agents[1]!.hello({ name, services: [declared(model)] })
    await agents[2]!.hello({ name: `${name} too`, services: [declared(model)] })
    const entry = (await owner.client.models.retrieve(model)) as unknown as { providers: number }
    expect(entry.providers).toBe(3)
    for (const agent of agents) {
      expect(agent.socket.readyState).toBe(agent.socket.OPEN)
      await agent.close()
    }
  })
})

describe('services of another type than image', () => {
  it('are never sent an image request', async () => {
    const [model, textModel] = [unique('model'), unique('words')]
    const agent = await connectRawAgent({ url: gateway.url, key: owner.key })
    await agent.hello({
      name: unique('rig'),
      services: [
        { ...declared(model), name: 'text', type: 'text' },
        { ...declared(textModel), name: 'also text', type: 'llm' },
        { ...declared(model), name: 'pictures' }
      ]
    })
    expect(await apiErrorOf(call(textModel))).toMatchObject({ status: 404, code: 'no_provider' })
    const ids = [await submit(model), await submit(model)]
    const seen = new Set<string>()
    for (const id of ids) {
      const assigned = await agent.received('attempt.assigned', ({ attempt_id }) => !seen.has(attempt_id))
      seen.add(assigned.attempt_id)
      expect(assigned.service).toBe('pictures')
      await agent.put(assigned.attempt_id, { token: assigned.token, body: picture })
      expect((await ended(id)).status).toBe('PROCESSED')
    }
    expect(agent.messages.filter(({ type }) => type === 'attempt.assigned')).toHaveLength(2)
    await agent.close()
  })
})

describe('a key that is revoked', () => {
  const revokeElsewhere = (keyId: string) => {
    const other = new DatabaseSync(join(gateway.dataDir, 'inference-club.sqlite'), { timeout: 5000 })
    other.prepare('update api_keys set revoked_at = ? where id = ?').run(Date.now(), keyId)
    other.close()
  }

  it.each([
    ['here', (keyId: string) => gateway.gateway.context.apiKeys.revoke(keyId)],
    ['by another process', revokeElsewhere]
  ])('%s ends the session within a second, and its work is done by another', async (_where, revoke) => {
    const model = unique('model')
    const user = await gateway.addUser()
    const agent = await connectRawAgent({ url: gateway.url, key: user.key })
    await agent.hello({ name: unique('rig'), services: [declared(model)] })
    const id = await submit(model)
    const { attempt_id, token } = await agent.received('attempt.assigned')

    const began = performance.now()
    await revoke(user.keyId)
    expect(await agent.closed).toBe(CLOSE_CODES.unauthorized)
    const refused = await gateway.call('/v1/models', { key: user.key })
    expect(await refused.text()).toMatch(/"This API key was revoked at \d{4}-\d\d-\d\dT[\d:]+Z\."/)
    expect(performance.now() - began).toBeLessThan(1000)
    await waitFor(
      async () => (await job(id)).status !== 'PROCESSING' || (await job(id)).attempts[0]?.status === 'failed'
    )
    expect((await agent.put(attempt_id, { token, body: picture })).status).toBe(409)
    await gateway.addAgent({ key: owner.key, name: unique('rig'), services: [offer(model)] })
    const { status, attempts } = await ended(id)
    expect(status).toBe('PROCESSED')
    expect(attempts.map((attempt) => attempt.status)).toEqual(['failed', 'succeeded'])
    expect(attempts[0]?.reason).toContain('agent_lost')
  })

  it('makes the agent stop for good, with all that it runs', async () => {
    const model = unique('model')
    const user = await gateway.addUser()
    const agent = await gateway.addAgent({ key: user.key, name: unique('rig'), services: [offer(model)] })
    const held = hold(model)
    const id = await submit(model)
    await held.arrived()
    await gateway.gateway.context.apiKeys.revoke(user.keyId)
    await expect(agent.finished).rejects.toThrow(GatewayRefused)
    await waitFor(() => held.calls()[0]?.abandoned)
    await gateway.gateway.context.requests.cancel(id)
    held.release()
  })
})

describe('a caller who leaves', () => {
  it('cancels: the engine stops, and the slot is free again', async () => {
    const model = unique('model')
    await gateway.addAgent({ key: owner.key, name: unique('rig'), services: [offer(model)] })
    const held = hold(model)
    const leaving = new AbortController()
    const json = { ...SMALL, model }
    const left = gateway.call('/v1/images/generations', { key: owner.key, json, signal: leaving.signal })
    await held.arrived()
    leaving.abort()
    await expect(left).rejects.toThrow()
    await waitFor(() => held.calls()[0]?.abandoned)

    const requests = gateway.database.db.selectFrom('requests').selectAll().where('model', '=', model)
    const request = await waitFor(async () => {
      const row = await requests.executeTakeFirst()
      return row?.state === 'canceled' && row
    })
    expect(await job(request.id)).toMatchObject({ status: 'CANCELED', attempts: [{ status: 'canceled' }] })
    held.release()
    expect((await call(model)).data).toHaveLength(1)
    expect(held.calls()).toHaveLength(2)
  })

  it('before the work began leaves nothing to do', async () => {
    const model = unique('model')
    await gateway.addAgent({ key: owner.key, name: unique('rig'), services: [offer(model)] })
    const held = hold(model)
    const running = submit(model)
    await held.arrived()
    const leaving = new AbortController()
    const json = { ...SMALL, model, prompt: 'waits' }
    const left = gateway.call('/v1/images/generations', { key: owner.key, json, signal: leaving.signal })
    const waiting = gateway.database.db.selectFrom('requests').selectAll().where('prompt', '=', 'waits')
    await waitFor(() => waiting.executeTakeFirst())
    leaving.abort()
    await expect(left).rejects.toThrow()
    await waitFor(async () => (await waiting.executeTakeFirst())?.state === 'canceled')
    held.release()
    expect((await ended(await running)).status).toBe('PROCESSED')
    expect(held.calls()).toHaveLength(1)
  })
})

describe('an agent that goes', () => {
  it('by drain finishes what it runs and takes no more', async () => {
    const model = unique('model')
    const agent = await gateway.addAgent({
      key: owner.key,
      name: unique('rig'),
      services: [offer(model, { concurrency: 2 })]
    })
    const held = hold(model)
    const id = await submit(model)
    await held.arrived()
    const drained = agent.drain()
    await waitFor(async () => !(await owner.client.models.list()).data.some(({ id }) => id === model))
    expect(await apiErrorOf(call(model))).toMatchObject({ status: 404, code: 'no_provider' })
    const later = await submit(model)
    held.release()
    await drained
    await agent.finished
    expect((await ended(id)).status).toBe('PROCESSED')
    expect(await job(later)).toMatchObject({ status: 'QUEUED', attempts: [] })
    expect(held.calls()).toHaveLength(1)

    await gateway.addAgent({ key: owner.key, name: unique('rig'), services: [offer(model)] })
    expect((await ended(later)).status).toBe('PROCESSED')
  })

  it('at once leaves its work to others at once', async () => {
    const model = unique('model')
    const agent = await gateway.addAgent({ key: owner.key, name: unique('rig'), services: [offer(model)] })
    const held = hold(model)
    const id = await submit(model)
    await held.arrived()
    await agent.stop()
    await waitFor(() => held.calls()[0]?.abandoned)
    held.release()
    await gateway.addAgent({ key: owner.key, name: unique('rig'), services: [offer(model)] })
    // Far sooner than its lease of 30 s would end.
    const { status, attempts } = await ended(id)
    expect(status).toBe('PROCESSED')
    expect(attempts.map((attempt) => attempt.status)).toEqual(['failed', 'succeeded'])
  })
})

describe('a changed configuration', () => {
  it('is taken over while what runs goes on', async () => {
    const [before, after, name] = [unique('model'), unique('model'), unique('rig')]
    const agent = await gateway.addAgent({ key: owner.key, name, services: [offer(before)] })
    const held = hold(before)
    const id = await submit(before)
    await held.arrived()
    const epoch = session(name)!.epoch
    // A slot of its own: the one that is renamed goes on with what it runs.
    const services = [offer(after, { name: 'renamed' })]
    const config = agentConfig({ gateway: gateway.url, key: owner.key, name, services })
    const reloaded = agent.reload(config)
    await waitFor(() => (session(name)?.epoch ?? 0) > epoch)
    expect((await call(after)).data).toHaveLength(1)
    expect(await apiErrorOf(call(before))).toMatchObject({ code: 'no_provider' })
    held.release()
    await reloaded
    const { status, attempts } = await ended(id)
    expect([status, attempts.length]).toEqual(['PROCESSED', 1])
    expect(held.calls()).toHaveLength(1)
  })

  it('has room for more source images at once', async () => {
    const [model, name] = [unique('model'), unique('rig')]
    const gate = Promise.withResolvers<void>()
    let working = 0
    const making: Engine = {
      name: 'test',
      generate: async () => {
        working += 1
        await gate.promise
        return { bytes: Readable.from([picture]), mediaType: 'image/png', seed: null, warnings: [] }
      },
      describe: () => Promise.reject(new Error('not asked for'))
    }
    const edits = [{ id: model, servedAs: model, features: ['edit' as const] }]
    const config = {
      ...agentConfig({ gateway: gateway.url, key: owner.key, name, services: [{ concurrency: 2, models: edits }] }),
      sourceMemoryBytes: picture.length
    }
    const agent = runAgent({ config, logger: silentLogger(), probing: 'off', createEngine: () => making })
    await agent.online
    const json = {
      ...{ model, prompt: 'a fox', n: 2, async: true },
      images: [{ image_url: `data:image/png;base64,${picture.toString('base64')}` }]
    }
    const answer = await gateway.call('/v1/images/edits', { key: owner.key, json })
    const { id } = (await answer.json()) as { id: string }
    await waitFor(() => working === 1 && session(name)?.heldAttempts().length === 2)
    const reloaded = agent.reload({ ...config, sourceMemoryBytes: 2 * picture.length })
    await waitFor(() => working === 2)
    gate.resolve()
    await reloaded
    expect((await ended(id)).status).toBe('PROCESSED')
    await agent.stop()
  })
})

describe('what an engine has to say', () => {
  it('reaches the caller, however much it is', async () => {
    const unknown = Object.fromEntries(Array.from({ length: 200 }, (_, index) => [`unknown_field_${index}`, index]))
    const answer = await generate(owner.client, { ...SMALL, ...unknown })
    expect(answer.data).toHaveLength(1)
    expect(answer.warnings?.length).toBeGreaterThan(10)
    expect(answer.warnings?.[0]).toContain('unknown_field_0')
  })
})
