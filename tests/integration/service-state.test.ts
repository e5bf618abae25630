import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { NetworkState, ServiceInfo } from '../../src/http/dashboard/contract/network.ts'
import type { AgentMessage } from '../../src/protocol/messages.ts'
import { type FakeOpenAIServer, startFakeOpenAIServer } from '../support/fake-openai-server.ts'
import { freePort } from '../support/free-port.ts'
import { connectRawAgent } from '../support/raw-agent.ts'
import { startTestGateway, type TestGateway } from '../support/test-gateway.ts'
import { waitFor } from '../support/wait-for.ts'

let gateway: TestGateway
let server: FakeOpenAIServer | undefined
let owner: { key: string; cookie: string }
beforeEach(async () => {
  gateway = await startTestGateway()
  const { id, cookie } = await gateway.addPerson()
  owner = { cookie, key: (await gateway.addKey({ id })).key }
})
afterEach(async () => {
  await gateway.close()
  await server?.close()
  server = undefined
})

/** The only service there is, as somebody sees it. */
async function serviceFor({ cookie }: { cookie: string }): Promise<ServiceInfo> {
  const response = await gateway.call('/api/dashboard/network', { headers: { cookie } })
  return ((await response.json()) as NetworkState).providers[0]!.services[0]!
}

const warningFor = async (reader: { cookie: string }) => (await serviceFor(reader)).warning
const models = [{ id: 'paint', servedAs: 'paint', features: ['generate' as const] }]
const probing = { firstPauseMs: 20, longestPauseMs: 100 }

describe('an image server that is away', () => {
  it('is a warning on the page of its provider until it is there, and keeps nobody from connecting', async () => {
    const port = await freePort()
    const url = `http://user:hidden-word@127.0.0.1:${port}`
    await gateway.addAgent({ key: owner.key, services: [{ engine: 'openai', url, models }], probing })
    const warning = await waitFor(() => warningFor(owner))
    expect(warning).toMatchObject({ text: 'The image server cannot be reached.' })
    expect(warning.since).toBeGreaterThan(Date.now() - 60_000)
    await waitFor(async () => !(await serviceFor(owner)).models[0]?.canMake)
    expect(await warningFor(await gateway.addPerson())).toEqual({ since: warning.since, text: null })
    expect(JSON.stringify(await serviceFor(owner))).not.toMatch(/hidden-word|127\.0/)

    server = await startFakeOpenAIServer({ port, knownModels: ['paint'] })
    await waitFor(async () => (await warningFor(owner)) === null)
  })

  it('is noticed by a failure, too', async () => {
    server = await startFakeOpenAIServer()
    await gateway.addAgent({ key: owner.key, services: [{ engine: 'openai', url: server.url, models }], probing })
    await waitFor(() => server!.requests.length === 1)
    expect(await warningFor(owner)).toBeNull()
    await server.close()
    // Nobody waits for it: while its server is away it stays in the queue.
    const json = { model: 'paint', prompt: 'a fox', async: true }
    expect((await gateway.call('/v1/images/generations', { key: owner.key, json })).status).toBe(202)
    await waitFor(() => warningFor(owner))
  })

  it('is noticed though nobody asks for an image, and when it is back, though it was to be left alone for an hour', async () => {
    const HOUR_MS = 3_600_000
    server = await startFakeOpenAIServer({ knownModels: ['paint'] })
    const { port, url } = { port: Number(new URL(server.url).port), url: server.url }
    const times = { firstPauseMs: HOUR_MS, longestPauseMs: HOUR_MS, longestSoonMs: HOUR_MS, watchEveryMs: 10 }
    await gateway.addAgent({ key: owner.key, services: [{ engine: 'openai', url, models }], probing: times })
    await waitFor(() => server!.requests.length === 1)
    await waitFor(async () => (await serviceFor(owner)).models[0]?.canMake)
    await server.close()
    await waitFor(async () => !(await serviceFor(owner)).models[0]?.canMake)
    expect(await warningFor(owner)).toMatchObject({ text: 'The image server cannot be reached.' })

    server = await startFakeOpenAIServer({ port, knownModels: ['paint'] })
    await waitFor(async () => (await serviceFor(owner)).models[0]?.canMake)
    expect(await warningFor(owner)).toBeNull()
  })
})

describe('a service that cannot work', () => {
  const call = (more: object = {}, model = 'paint') =>
    gateway.call('/v1/images/generations', {
      key: owner.key,
      json: { model, prompt: 'a fox', size: '32x32', ...more }
    })
  const submit = async () => ((await (await call({ async: true })).json()) as { id: string }).id
  const job = async (id: string) =>
    (await (await gateway.call(`/v1/jobs/${id}`, { key: owner.key })).json()) as {
      status: string
      attempts: unknown[]
      waiting?: unknown
    }
  const list = async () => {
    const response = await gateway.call('/v1/models', { key: owner.key })
    return ((await response.json()) as { data: { id: string; providers: number }[] }).data
  }
  const listed = async () => (await list()).map(({ id }) => id)
  const providersOf = async (model: string) => (await list()).find(({ id }) => id === model)?.providers
  const connect = (service: object = {}) =>
    gateway.addAgent({
      key: owner.key,
      services: [{ engine: 'openai', url: server!.url, models, ...service }],
      probing
    })

  it('is given nothing while its image server is away, and what waits goes on by itself', async () => {
    const port = await freePort()
    const url = `http://127.0.0.1:${port}`
    await gateway.addAgent({ key: owner.key, services: [{ engine: 'openai', url, models }], probing })
    const id = await submit()
    await waitFor(async () => (await job(id)).waiting)
    expect(await job(id)).toMatchObject({ status: 'QUEUED', attempts: [], waiting: { reason: 'unusable' } })
    expect((await job(id)).waiting).not.toHaveProperty('until')
    expect(await providersOf('paint')).toBe(0)
    server = await startFakeOpenAIServer({ port })
    await waitFor(async () => (await job(id)).status === 'PROCESSED')
    expect((await job(id)).attempts).toHaveLength(1)
    expect(await providersOf('paint')).toBe(1)
  })

  it('is told as lacking the model, and not as down, once it is there without it', async () => {
    const port = await freePort()
    const connectAt = (port: number) =>
      gateway.addAgent({
        key: owner.key,
        services: [{ engine: 'openai', url: `http://127.0.0.1:${port}`, models }],
        probing
      })
    await connectAt(port)
    const id = await submit()
    await waitFor(async () => (await job(id)).waiting)
    expect(await job(id)).toMatchObject({ waiting: { reason: 'unusable' } })
    server = await startFakeOpenAIServer({ port, knownModels: ['another', 'other'] })
    await waitFor(async () => ((await job(id)).waiting as { reason: string } | undefined)?.reason === 'missing')
    await connectAt(await freePort())
    // Of two machines the one that is down may be back by itself.
    await waitFor(async () => ((await job(id)).waiting as { reason: string } | undefined)?.reason === 'unusable')
    expect(await job(id)).toMatchObject({ status: 'QUEUED', attempts: [] })
  })

  it('is given nothing either when its agent connects anew', async () => {
    const url = `http://127.0.0.1:${await freePort()}`
    const connectDown = () =>
      gateway.addAgent({ key: owner.key, name: 'rig', services: [{ engine: 'openai', url, models }], probing })
    const agent = await connectDown()
    await waitFor(() => warningFor(owner))
    const id = await submit()
    await agent.stop()
    await connectDown()
    // What is known is told until it is known otherwise.
    const { warning, models: offered } = await serviceFor(owner)
    expect([warning?.text, offered[0]?.canMake]).toEqual(['The image server cannot be reached.', false])
    await waitFor(async () => (await job(id)).waiting)
    expect(await job(id)).toMatchObject({ attempts: [], waiting: { reason: 'unusable' } })
  })

  it('is given nothing while there is no image API at its address, and nobody has to fail first', async () => {
    server = await startFakeOpenAIServer({ basePath: '/api/v1' })
    await connect({ url: `${server.url}/wrong` })
    const { text } = await waitFor(() => warningFor(owner))
    expect(text).toBe('The image server does not offer images/generations at the address it was asked at.')
    const id = await submit()
    await waitFor(async () => (await job(id)).waiting)
    expect(await job(id)).toMatchObject({ attempts: [], waiting: { reason: 'unusable' } })
    expect(server.requests.filter(({ method }) => method === 'POST')).toEqual([])
  })

  it.each([
    ['its key is refused', { apiKey: 'wrong' }, 'The image server refused its API key.'],
    ['it has no key', {}, 'The image server wants an API key, and none is given.']
  ])('is given nothing while %s', async (_why, given, told) => {
    server = await startFakeOpenAIServer({ requiredApiKey: 'right' })
    await connect(given)
    const id = await submit()
    expect((await waitFor(() => warningFor(owner))).text).toBe(told)
    await waitFor(async () => (await job(id)).waiting)
    expect((await job(id)).attempts).toEqual([])
    expect(server.requests.every(({ method }) => method === 'GET')).toBe(true)
  })

  it('is told of as it is and given work again, when it takes the key and lists a single model of another name', async () => {
    server = await startFakeOpenAIServer({ knownModels: ['paint'] })
    const { port } = new URL(server.url)
    const lookAtListEveryMs = 20
    await gateway.addAgent({
      key: owner.key,
      services: [{ engine: 'openai', url: server.url, models }],
      probing: { ...probing, lookAtListEveryMs }
    })
    await waitFor(async () => (await providersOf('paint')) === 1)
    // It is no failure of an image that tells of it.
    server.setBehaviour({ models: { name: 'custom', status: 401, body: {} } })
    await waitFor(
      async () => (await warningFor(owner))?.text === 'The image server wants an API key, and none is given.'
    )
    const id = await submit()
    await waitFor(async () => (await job(id)).waiting)
    await server.close()
    server = await startFakeOpenAIServer({ port: Number(port), knownModels: ['other'] })
    await waitFor(async () => (await warningFor(owner))?.text?.startsWith("The image server lists 'other' alone"))
    await waitFor(async () => ((await job(id)).waiting as { reason: string } | undefined)?.reason === 'missing')
    expect(server.requests.some(({ method }) => method === 'POST')).toBe(true)
    await waitFor(async () =>
      (await warningFor(owner))?.text?.startsWith("The image server does not list the model 'paint'")
    )
  })

  it('is refused nothing that its key may have when it may not list models', async () => {
    server = await startFakeOpenAIServer()
    server.setBehaviour({
      models: {
        name: 'custom',
        status: 401,
        body: { error: { message: 'You have insufficient permissions. Missing scopes: api.model.read.' } }
      }
    })
    await connect()
    expect((await call()).status).toBe(200)
    expect(await warningFor(owner)).toBeNull()
  })

  it('offers no model that its image server lacks, until it has it or its owner knows better', async () => {
    server = await startFakeOpenAIServer({ knownModels: ['paint', 'other'] })
    const two = [...models, { id: 'mine', servedAs: 'gone', features: ['generate' as const] }]
    const agent = await connect({ models: two })
    expect((await waitFor(() => warningFor(owner))).text).toMatch(
      /does not list the model 'gone' \(served_as of 'mine'\): not offered/
    )
    expect(await listed()).toEqual(['paint'])
    expect((await call()).status).toBe(200)
    const refused = await call({}, 'mine')
    expect(((await refused.json()) as { error: object }).error).toMatchObject({ code: 'no_provider' })
    expect(JSON.stringify(await serviceFor(await gateway.addPerson()))).not.toContain('gone')
    const { port } = new URL(server.url)
    await server.close()
    server = await startFakeOpenAIServer({ port: Number(port), knownModels: ['paint', 'gone'] })
    await waitFor(async () => (await listed()).includes('mine'))
    expect((await call({}, 'mine')).status).toBe(200)
    await agent.stop()
    await connect({ models: [{ id: 'own', servedAs: 'unlisted', features: ['generate'] }], checkModels: false })
    await waitFor(() => server!.requests.at(-1)?.method === 'GET')
    expect(await listed()).toEqual(['own'])
    expect(await warningFor(owner)).toBeNull()
  })
})

describe('what an agent says of its services', () => {
  const hello = async () => {
    const agent = await connectRawAgent({ url: gateway.url, key: owner.key })
    const welcome = await agent.hello({ name: 'rig', services: [{ name: 'images', models: [] }] })
    expect(welcome.accepts).toContain('service.state')
    return agent
  }
  const state = (text: string, more: Partial<Extract<AgentMessage, { type: 'service.state' }>> = {}) =>
    ({ type: 'service.state', service: 'images', state: 'warning', text, ...more }) as const

  it('stops a service only of an agent that says so, and models only of its own', async () => {
    const agent = await hello()
    const pauses = () => gateway.database.db.selectFrom('service_pauses').selectAll().execute()
    agent.send(state('of an earlier version'))
    await waitFor(async () => (await warningFor(owner))?.text === 'of an earlier version')
    expect(await pauses()).toEqual([])
    agent.send(state('busy', { fault: 'busy', models_missing: ['not declared'] }))
    await waitFor(async () => (await warningFor(owner))?.text === 'busy')
    expect(await pauses()).toEqual([])
    agent.send(state('gone', { fault: 'unreachable' }))
    await waitFor(async () => (await pauses()).length === 1)
    agent.send(state('', { state: 'ok' }))
    await waitFor(async () => (await pauses()).length === 0)
    agent.send(state('all', { models_missing: Array.from({ length: 500 }, (_, index) => `m${index}`) }))
    await waitFor(async () => (await warningFor(owner))?.text === 'all')
    agent.send(state('more', { models_missing: Array.from({ length: 501 }, (_, index) => `m${index}`) }))
    expect(await agent.closed).toBe(4000)
  })

  it('is a warning since it says so, and not since another that was there before', async () => {
    const agent = await hello()
    agent.send(state('refused the key'))
    const { since } = await waitFor(() => warningFor(owner))
    await gateway.database.db
      .updateTable('services')
      .set({ warning_since: since - 60_000 })
      .execute()
    agent.send(state('refused the key', { fault: 'busy' }))
    agent.send(state('has another model'))
    const next = await waitFor(async () => {
      const warning = await warningFor(owner)
      return warning?.text === 'has another model' ? warning : undefined
    })
    expect(next.since).toBeGreaterThanOrEqual(since)
    await gateway.database.db
      .updateTable('services')
      .set({ warning_since: since - 60_000 })
      .execute()
    agent.send(state('has another model', { fault: 'unreachable' }))
    await waitFor(async () => !(await serviceFor(owner)).models.some(({ canMake }) => canMake))
    expect((await warningFor(owner))?.since).toBe(since - 60_000)
    await agent.close()
  })

  it('is kept clean and within bounds, and forgotten when it connects anew', async () => {
    const agent = await hello()
    agent.send(state('x', { service: 'of somebody else' }))
    agent.send(state(`\u001b[31mred\u202e${'y'.repeat(290)}`))
    expect((await waitFor(() => warningFor(owner))).text).toBe(`red${'y'.repeat(290)}`)
    agent.send(state(''))
    await waitFor(async () => (await warningFor(owner))?.text === 'The image server cannot be used.')
    agent.send(state('z'.repeat(301)))
    expect(await agent.closed).toBe(4000)
    const again = await hello()
    expect(await warningFor(owner)).toBeNull()
    await again.close()
  })
})
