import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { senderOf } from '../../src/agent/agent-services.ts'
import { createComfyEngine } from '../../src/engines/comfyui/comfyui-engine.ts'
import type { NetworkState } from '../../src/http/dashboard/contract/network.ts'
import { QUICK, task } from '../support/comfyui-engine.ts'
import { createTestRun } from '../support/engine-run.ts'
import { type FakeComfyServer, startFakeComfy } from '../support/fake-comfyui-server.ts'
import { type HandWorker, startHandWorker } from '../support/hand-worker.ts'
import { getJob, type JobAnswer } from '../support/image-calls.ts'
import { startTestGateway, type TestGateway, type TestUser } from '../support/test-gateway.ts'
import { waitFor } from '../support/wait-for.ts'

const MODEL = 'fox-maker'

let gateway: TestGateway
let owner: TestUser
let caller: TestUser
let comfy: FakeComfyServer
const workers: HandWorker[] = []

beforeEach(async () => {
  gateway = await startTestGateway()
  owner = await gateway.addUser()
  caller = await gateway.addUser()
  comfy = await startFakeComfy({ stepMs: 1 })
})
afterEach(async () => {
  for (const worker of workers.splice(0)) await worker.close()
  comfy.set({ stalled: false })
  await gateway.close()
  await comfy.close()
})

async function ask(): Promise<string> {
  const json = { model: MODEL, prompt: 'a fox', size: '64x48', steps: 1, async: true }
  const answer = await gateway.call('/v1/images/generations', { key: caller.key, json })
  expect(answer.status).toBe(202)
  return ((await answer.json()) as { id: string }).id
}
const job = (id: string): Promise<JobAnswer> => getJob(caller.client, id)
const done = (id: string) =>
  waitFor(async () => {
    const now = await job(id)
    return now.status === 'PROCESSED' && now
  })
const prompts = () => comfy.calls.filter(({ method, path }) => method === 'POST' && path === '/prompt')

/** A machine with ComfyUI that has made one such image, and works on the last step of the next. */
async function arrange({ queueAheadMs = 60_000, noSocket = false } = {}) {
  if (noSocket) {
    await comfy.close()
    comfy = await startFakeComfy({ stepMs: 1, noSocket })
  }
  const models = [{ id: MODEL, servedAs: 'sd15', features: ['generate' as const, 'seed' as const] }]
  await gateway.addAgent({
    key: owner.key,
    services: [{ engine: 'comfyui', url: comfy.url, models, queueAheadMs }]
  })
  await done(await ask())
  comfy.set({ stalled: true })
  const first = await ask()
  await waitFor(() => comfy.runningIds().length === 1)
  return first
}

/** The same, and one more that is asked for. */
const arrangeTwo = async (options?: Parameters<typeof arrange>[0]): Promise<[string, string]> => [
  await arrange(options),
  await ask()
]

/** What each view says of how many images are made and wait: the machine's card, the page of the network, and jobs. */
async function show(ids: readonly string[]) {
  const response = await gateway.call('/api/dashboard/network', { headers: { cookie: await gateway.signIn(owner) } })
  const { running, waiting, providers } = (await response.json()) as NetworkState
  const jobs = await Promise.all(ids.map(job))
  return {
    inUse: providers.flatMap(({ services }) => services.map((service) => service.running)),
    page: { running, waiting },
    jobs: jobs.map(({ status, attempts }) => [status, attempts.length])
  }
}

/** The second is in ComfyUI's queue; its id there. */
const inQueue = () => waitFor(() => comfy.pendingIds()[0])

describe('while a GPU makes the last of one image', () => {
  it.each([
    ['passes a WebSocket', false],
    ['passes none', true]
  ])(
    'the next lies in the queue of its image server, and waits for everybody until it begins; it %s',
    async (_, noSocket) => {
      const [first, second] = await arrangeTwo({ noSocket })
      await inQueue()
      const [running = ''] = comfy.runningIds()
      const shown = { inUse: [1], page: { running: 1, waiting: 1 } }
      const since = performance.now()
      while (performance.now() - since < 300) {
        expect(await show([first, second])).toEqual({
          ...shown,
          jobs: [
            ['PROCESSING', 1],
            ['QUEUED', 0]
          ]
        })
      }
      const third = await ask()
      comfy.letGo(running)
      await waitFor(async () => (await job(second)).status === 'PROCESSING')
      await done(first)
      expect(await show([first, second, third])).toEqual({
        ...shown,
        jobs: [
          ['PROCESSED', 1],
          ['PROCESSING', 1],
          ['QUEUED', 0]
        ]
      })
      comfy.set({ stalled: false })
      await done(third)
      for (const id of [first, second]) expect((await done(id)).attempts).toHaveLength(1)
      expect(prompts()).toHaveLength(4)
    }
  )

  it('an idle machine waits for the next no longer than twice as long as the file of the agent says', async () => {
    const [first, second] = await arrangeTwo({ queueAheadMs: 300 })
    await waitFor(async () => (await job(second)).attempts.some(({ reason }) => reason?.startsWith('busy')))
    expect((await job(second)).status).toBe('QUEUED')
    const idle = await startHandWorker(gateway, {
      key: (await gateway.addUser()).key,
      services: [{ name: 'idle', models: [{ id: MODEL, features: ['generate', 'seed'] }] }]
    })
    workers.push(idle)
    await idle.finish(await idle.next())
    expect((await done(second)).attempts.at(-1)).toMatchObject({ status: 'succeeded' })
    expect(comfy.pendingIds()).toEqual([])
    comfy.set({ stalled: false })
    expect((await done(first)).attempts).toHaveLength(1)
    expect(comfy.runningIds()).toEqual([])
  })

  it('what its owner has put before the next goes first, and is not charged as its time', async () => {
    const first = await arrange()
    const owners = comfy.queueOwnersJob()
    const second = await ask()
    await waitFor(() => comfy.pendingIds().length === 2)
    comfy.set({ stalled: false })
    await done(first)
    await waitFor(() => comfy.runningIds()[0] === owners)
    const since = performance.now()
    await waitFor(() => performance.now() - since > 700)
    expect((await job(second)).status).toBe('PROCESSING')
    comfy.letGo(owners)
    const made = await done(second)
    expect(made.attempts).toHaveLength(1)
    const { generating_ms: ms } = await gateway.database.db
      .selectFrom('attempts')
      .select('generating_ms')
      .where('request_id', '=', second)
      .executeTakeFirstOrThrow()
    expect(ms).toBeLessThan(700)
    expect(comfy.wasInterrupted(owners)).toBe(false)
  })

  it('the next that nobody wants any more is taken out of the queue, and the one before goes on', async () => {
    const [first, second] = await arrangeTwo()
    await inQueue()
    const [running] = comfy.runningIds()
    await gateway.call(`/v1/jobs/${second}/cancel`, { key: caller.key, method: 'POST' })
    await waitFor(() => comfy.pendingIds().length === 0)
    expect(comfy.runningIds()).toEqual([running])
    comfy.set({ stalled: false })
    expect((await done(first)).attempts).toHaveLength(1)
    expect(prompts()).toHaveLength(3)
  })

  it('the next is made all the same when the one before is canceled', async () => {
    const [first, second] = await arrangeTwo()
    const next = await inQueue()
    await gateway.call(`/v1/jobs/${first}/cancel`, { key: caller.key, method: 'POST' })
    await waitFor(() => comfy.runningIds()[0] === next)
    comfy.set({ stalled: false })
    expect((await done(second)).attempts).toHaveLength(1)
  })

  it('a restart of the image server is a try of the one alone that it worked on', async () => {
    const [first, second] = await arrangeTwo()
    await inQueue()
    comfy.restart()
    comfy.set({ stalled: false })
    const made = await Promise.all([done(first), done(second)])
    const reasons = made.map(({ attempts }) => attempts.flatMap(({ reason }) => reason ?? []))
    expect(reasons).toEqual([
      ['crashed: The image server was started anew while it worked.'],
      ['unreachable: The image server was started anew before it began.']
    ])
  })
})

it('what an agent left in the queue of its image server when it was killed is taken out when it is back', async () => {
  const owners = comfy.queueOwnersJob()
  const killed = ['killed', 'another'].map((name) =>
    createComfyEngine({
      ...{ baseUrl: comfy.url, maxImageBytes: 1_000_000, models: [], times: QUICK },
      sender: senderOf({ gateway: gateway.url, name }, 'service-0')
    })
  )
  const ends: Promise<unknown>[] = []
  for (const [index, engine] of killed.entries()) {
    ends.push(engine.generate(task(), createTestRun()).catch((error: unknown) => error))
    await waitFor(() => comfy.pendingIds().length === index + 1)
  }
  const [, others] = comfy.pendingIds()
  const models = [{ id: MODEL, servedAs: 'sd15', features: ['generate' as const] }]
  await gateway.addAgent({ key: owner.key, name: 'killed', services: [{ engine: 'comfyui', url: comfy.url, models }] })
  await waitFor(() => comfy.pendingIds().length === 1)
  expect([comfy.runningIds(), comfy.pendingIds()]).toEqual([[owners], [others]])
  comfy.letGo(owners)
  expect(await Promise.all(ends)).toMatchObject([{ fault: 'busy' }, { seed: 4_294_967_295 }])
  for (const engine of killed) await engine.close?.()
})
