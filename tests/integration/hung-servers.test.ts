import { pino } from 'pino'
import { afterEach, beforeEach, expect, it, onTestFinished } from 'vitest'
import { type Agent, runAgent } from '../../src/agent/run-agent.ts'
import type { AgentServiceConfig } from '../../src/config/agent-config.ts'
import { startCuttableProxy } from '../support/cuttable-proxy.ts'
import { type FakeOpenAIServer, startFakeOpenAIServer } from '../support/fake-openai-server.ts'
import { generate, getJob } from '../support/image-calls.ts'
import { startStagedServer } from '../support/staged-server.ts'
import { agentConfig, startTestGateway, type TestGateway, type TestUser } from '../support/test-gateway.ts'
import { waitFor } from '../support/wait-for.ts'

const PROBING = { withinMs: 200, patientMs: 60_000, firstPauseMs: 20, longestPauseMs: 50, longestSoonMs: 50 }

let gateway: TestGateway
let user: TestUser
let upstream: FakeOpenAIServer
let stage: Awaited<ReturnType<typeof startStagedServer>>
beforeEach(async () => {
  gateway = await startTestGateway()
  user = await gateway.addUser()
  upstream = await startFakeOpenAIServer({ knownModels: ['only', 'one', 'two'] })
  stage = await startStagedServer()
  await stage.show(new URL(upstream.url))
})
afterEach(async () => {
  await gateway.close()
  await stage.close()
  await upstream.close()
})

const submit = async (model = 'm') =>
  ((await generate(user.client, { model, size: '32x32', async: true })) as unknown as { id: string }).id
const job = (id: string) => getJob(user.client, id)
const reasonsOf = async (id: string) => (await job(id)).attempts.map(({ reason }) => reason?.split(':')[0])
const processed = (id: string) => waitFor(async () => (await job(id)).status === 'PROCESSED')
const service = (name: string, change: Partial<AgentServiceConfig> = {}): Partial<AgentServiceConfig> => ({
  ...{ name, engine: 'openai', url: stage.url, timeoutMs: 700 },
  models: [{ id: 'm', servedAs: name, features: ['generate'] }],
  ...change
})

/** An agent that reaches the gateway by another address, and what it says. */
async function startAgent(
  url: string,
  services: Partial<AgentServiceConfig>[],
  probing = PROBING
): Promise<{ agent: Agent; said: string[] }> {
  const said: string[] = []
  const logger = pino({ level: 'info' }, { write: (line) => void said.push((JSON.parse(line) as { msg: string }).msg) })
  const agent = runAgent({
    config: agentConfig({ gateway: url, key: user.key, name: 'rig', services }),
    logger,
    probing
  })
  onTestFinished(() => agent.stop())
  await agent.online
  return { agent, said }
}

it('an agent that was cut off tells that its image server hangs before it tells of the image that this kept', async () => {
  const network = await startCuttableProxy(gateway.url)
  onTestFinished(() => network.close())
  const { said } = await startAgent(network.url, [service('only')])
  await waitFor(() => said.some((line) => line.includes('answers: ')))
  await stage.show('hanging')
  const id = await submit()
  await waitFor(async () => (await job(id)).status === 'PROCESSING')
  network.setDown(true)
  network.cut()
  await waitFor(() => said.some((line) => line.includes('takes connections and answers nothing')))
  network.setDown(false)
  await waitFor(async () => (await reasonsOf(id))[0] !== undefined)
  expect([await reasonsOf(id), (await job(id)).status]).toEqual([['hung'], 'QUEUED'])
  await stage.show(new URL(upstream.url))
  await processed(id)
})

it('one that hangs is given nothing by its other service either', async () => {
  const services = [service('one'), service('two', { models: [{ id: 'n', servedAs: 'two', features: ['generate'] }] })]
  const { said } = await startAgent(gateway.url, services)
  await stage.show('hanging')
  const first = await submit()
  await waitFor(() => said.filter((line) => line.includes('takes connections and answers nothing')).length === 2)
  const second = await submit('n')
  const waits = async () => ((await job(second)) as unknown as { waiting?: { reason: string } }).waiting?.reason
  await waitFor(async () => (await waits()) === 'unusable')
  expect(await reasonsOf(second)).toEqual([])
  await stage.show(new URL(upstream.url))
  await Promise.all([first, second].map(processed))
  expect(await reasonsOf(first)).toEqual(['hung', undefined])
})

it('one that is looked at keeps no agent that stops', async () => {
  const { agent, said } = await startAgent(gateway.url, [service('only')], { ...PROBING, withinMs: 60_000 })
  await stage.show('hanging')
  await submit()
  await waitFor(() => said.some((line) => line.includes('an image was not made')))
  const began = performance.now()
  await agent.stop()
  expect(performance.now() - began).toBeLessThan(5000)
})

it.each([1, 3])(
  'one that makes %i at once is given no more than these, and they are made when it goes on',
  async (concurrency) => {
    const { said } = await startAgent(gateway.url, [service('only', { concurrency, prefetch: 2 })])
    await stage.show('hanging')
    const ids = await Promise.all(Array.from({ length: concurrency + 3 }, () => submit()))
    await waitFor(() => said.some((line) => line.includes('takes connections and answers nothing')))
    await waitFor(async () => (await Promise.all(ids.map(job))).every(({ status }) => status === 'QUEUED'))
    const reasons = (await Promise.all(ids.map(reasonsOf))).flat()
    expect(reasons.filter((reason) => reason === 'hung').length).toBe(concurrency)
    expect(reasons.filter((reason) => reason !== 'hung' && reason !== undefined)).toEqual([])
    await stage.show(new URL(upstream.url))
    await Promise.all(ids.map(processed))
  }
)
