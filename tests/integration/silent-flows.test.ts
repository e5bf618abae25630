import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { TransferPatience } from '../../src/agent/gateway-transfers.ts'
import { type Agent, runAgent } from '../../src/agent/run-agent.ts'
import { silentLogger } from '../../src/lib/logger.ts'
import { ended, outcomes, picture, submit, unique } from '../support/agent-work.ts'
import { type CuttableProxy, startCuttableProxy } from '../support/cuttable-proxy.ts'
import { agentConfig, startTestGateway, type TestGateway, type TestUser } from '../support/test-gateway.ts'
import { waitFor } from '../support/wait-for.ts'

let gateway: TestGateway
let user: TestUser

beforeAll(async () => {
  gateway = await startTestGateway()
  user = await gateway.addUser()
})
afterAll(() => gateway.close())

describe('an agent whose flow to the gateway dies without a word', () => {
  let proxy: CuttableProxy
  const agents: Agent[] = []

  beforeAll(async () => void (proxy = await startCuttableProxy(gateway.url)))
  afterEach(async () => {
    proxy.setStalling(false)
    for (const agent of agents.splice(0)) await agent.stop()
  })
  afterAll(() => proxy.close())

  /** An agent of the demo painter behind the proxy. */
  async function connectAgent(options: { patience: Partial<TransferPatience>; timeoutMs?: number }) {
    const [model, name] = [unique('model'), unique('rig')]
    const services = [
      {
        ...(options.timeoutMs !== undefined && { timeoutMs: options.timeoutMs }),
        models: [{ id: model, servedAs: 'demo', features: ['generate' as const, 'edit' as const] }]
      }
    ]
    const config = agentConfig({ gateway: proxy.url, key: user.key, name, services })
    const agent = runAgent({ config, logger: silentLogger(), probing: 'off', patience: options.patience })
    agents.push(agent)
    await agent.online
    const session = () => gateway.gateway.context.registry.sessions().find((one) => one.name === name)
    return { model, session }
  }

  async function submitEdit(model: string): Promise<string> {
    const form = new FormData()
    form.set('image', new Blob([new Uint8Array(await picture())], { type: 'image/png' }), 'source.png')
    for (const [name, value] of Object.entries({ model, prompt: 'a fox', async: 'true', size: '48x32', steps: '2' })) {
      form.set(name, value)
    }
    const answer = await gateway.call('/v1/images/edits', { key: user.key, method: 'POST', body: form })
    return ((await answer.json()) as { id: string }).id
  }

  it('fetches a source image anew, and its attempt is none the worse', async () => {
    const { model } = await connectAgent({ patience: { silenceMs: 200 } })
    proxy.setStalling(true)
    const id = await submitEdit(model)
    await waitFor(() => proxy.stalled > 0)
    proxy.setStalling(false)
    expect(outcomes(await ended(user, id))).toEqual([['succeeded', null]])
    expect(proxy.stalled).toBe(0)
  })

  it('sends an image anew', async () => {
    const { model } = await connectAgent({ patience: { silenceMs: 200 } })
    proxy.setStalling(true)
    const id = await submit(user, model)
    await waitFor(() => proxy.stalled > 0)
    proxy.setStalling(false)
    expect(outcomes(await ended(user, id))).toEqual([['succeeded', null]])
  })

  it.each([
    ['fetches', submitEdit],
    ['sends', (model: string) => submit(user, model)]
  ])('%s it anew as soon as it had to connect anew, however patient it is', async (_what, submitOne) => {
    const { model, session } = await connectAgent({ patience: { silenceMs: 600_000, doubtfulSilenceMs: 100 } })
    proxy.setStalling(true)
    const id = await submitOne(model)
    await waitFor(() => proxy.stalled > 0)
    proxy.setStalling(false)
    session()?.close(1012, 'as if it had been lost')
    expect(outcomes(await ended(user, id))).toEqual([['succeeded', null]])
  })

  it("does not take that time for the image server's", async () => {
    const { model } = await connectAgent({ patience: { silenceMs: 1000 }, timeoutMs: 900 })
    proxy.setStalling(true)
    const id = await submitEdit(model)
    await waitFor(() => proxy.stalled > 0)
    // Given up, tried again, and stalled again: the first second is over.
    await waitFor(() => proxy.stalled === 0)
    proxy.setStalling(false)
    expect(outcomes(await ended(user, id))).toEqual([['succeeded', null]])
  })
})
