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
    expect(warning).toMatchObject({ text: "The provider's image server cannot be reached." })
    expect(warning.since).toBeGreaterThan(Date.now() - 60_000)
    expect(await warningFor(await gateway.addPerson())).toEqual({ since: warning.since, text: null })
    expect(JSON.stringify(await serviceFor(owner))).not.toMatch(/hidden-word|127\.0/)

    server = await startFakeOpenAIServer({ port })
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
