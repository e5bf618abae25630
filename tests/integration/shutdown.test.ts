import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { runAgent } from '../../src/agent/run-agent.ts'
import { silentLogger } from '../../src/lib/logger.ts'
import { freePort } from '../support/free-port.ts'
import { type FakeOpenAIServer, startFakeOpenAIServer } from '../support/fake-openai-server.ts'
import { fetchImage, type ImagesAnswer, type JobAnswer } from '../support/image-calls.ts'
import { readError } from '../support/read-error.ts'
import { type RunningProgram, startProgram } from '../support/run-program.ts'
import { agentConfig } from '../support/test-gateway.ts'
import { waitFor } from '../support/wait-for.ts'

const KEY = 'ic_shutdown-test-0123456789abcdef'
const MODEL = 'held'
/** Longer than within which two signals are taken for one. */
const ANOTHER_SIGNAL_AFTER_MS = 600

let upstream: FakeOpenAIServer
let folder: string
let url: string
/** Lets the image server answer. */
let gate: PromiseWithResolvers<undefined>
const running = new Set<RunningProgram>()

beforeAll(async () => {
  upstream = await startFakeOpenAIServer()
})
afterAll(() => upstream.close())

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'inference-club-shutdown-'))
  url = `http://127.0.0.1:${await freePort()}`
  gate = Promise.withResolvers()
  upstream.requests.length = 0
  upstream.setBehaviour({ default: { name: 'slow', until: gate.promise } })
})
afterEach(async () => {
  vi.useRealTimers()
  gate.resolve(undefined)
  await Promise.all([...running].map((program) => program.stop('SIGKILL')))
  running.clear()
  await rm(folder, { recursive: true })
})

async function start(args: readonly string[], options: { until: RegExp; env?: Record<string, string> }) {
  const program = startProgram(args, { ...(options.env && { env: options.env }) })
  running.add(program)
  await program.printed(options.until)
  return program
}

const startGateway = (env: Record<string, string> = {}, args: readonly string[] = ['serve']) =>
  start(args, {
    until: /running at/,
    env: {
      INFERENCE_CLUB_PORT: new URL(url).port,
      INFERENCE_CLUB_DATA_DIR: join(folder, 'data'),
      INFERENCE_CLUB_BOOTSTRAP_API_KEY: KEY,
      INFERENCE_CLUB_LIMITS_DRAIN_TIMEOUT: '2s',
      ...env
    }
  })

const SERVICE = { engine: 'openai', models: [{ id: MODEL, servedAs: MODEL, features: ['generate' as const] }] }

/** One slot. */
async function startAgent(): Promise<RunningProgram> {
  const file = join(folder, 'agent.yaml')
  const service = { name: 'images', type: 'image', engine: 'openai', url: upstream.url, models: [{ id: MODEL }] }
  // YAML is a superset of JSON.
  await writeFile(file, JSON.stringify({ gateway: url, api_key: KEY, name: 'rig', services: [service] }))
  return start(['agent', '--config', file], { until: /"online"/ })
}

const call = (path: string, json?: unknown, headers: Record<string, string> = {}) =>
  fetch(url + path, {
    headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json', ...headers },
    ...(json !== undefined && { method: 'POST', body: JSON.stringify(json) })
  })

const generate = (prompt: string, fields: Record<string, unknown> = {}, headers: Record<string, string> = {}) =>
  call('/v1/images/generations', { model: MODEL, prompt, size: '64x64', ...fields }, headers)

const submit = async (prompt: string, model = MODEL): Promise<string> =>
  ((await (await generate(prompt, { model, async: true })).json()) as JobAnswer).id

const getJob = async (id: string): Promise<JobAnswer> => (await (await call(`/v1/jobs/${id}`)).json()) as JobAnswer

const ended = (id: string) =>
  waitFor(async () => {
    const job = await getJob(id)
    return ['PROCESSED', 'FAILED', 'CANCELED'].includes(job.status) && job
  })

const callsFor = (prompt: string) => upstream.requests.filter(({ json }) => json?.prompt === prompt)
const arrived = (prompt: string) => waitFor(() => callsFor(prompt).length > 0)
const listsModel = async () => JSON.stringify(await (await call('/v1/models')).json()).includes(MODEL)
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

describe('a gateway that is asked to stop', () => {
  it('takes no new work, tells who waits, leaves what runs to its agent, and the next start goes on', async () => {
    const gateway = await startGateway()
    await startAgent()
    const waiting = generate('waits', {}, { 'idempotency-key': 'once' })
    await arrived('waits')
    const queued = await submit('queued')
    const canceled = await submit('canceled')
    await call(`/v1/jobs/${canceled}/cancel`, {})
    const events = await call(`/v1/jobs/${queued}/events`)

    const stopped = gateway.stop()
    await gateway.printed(/Stopping/)
    await waitFor(async () => (await call('/readyz')).status === 503)
    const batch = { requests: [{ endpoint: '/v1/images/generations', body: { model: MODEL, prompt: 'x' } }] }
    const refused = [
      await generate('too late'),
      await generate('too late', { async: true }),
      await call('/v1/batches', batch),
      await call(`/v1/jobs/${canceled}/retry`, {})
    ]
    for (const answer of refused) {
      expect(answer.status).toBe(503)
      expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0)
      expect(await readError(answer)).toMatchObject({ code: 'shutting_down' })
    }
    // What is there can still be read.
    expect(await getJob(queued)).toMatchObject({ status: 'QUEUED' })

    const told = await waiting
    expect(told.status).toBe(503)
    const { message } = await readError(told)
    const [id = ''] = /req_\w+/.exec(message) ?? []
    expect(await events.text()).toContain('event: status')
    expect(await stopped).toMatchObject({ code: 0, stderr: '' })
    expect(callsFor('waits')[0]?.abandoned).toBe(false)

    gate.resolve(undefined)
    await startGateway()
    // Its agent comes back within seconds: nobody is refused for that.
    const again = await generate('waits', {}, { 'idempotency-key': 'once' })
    expect(again.status).toBe(200)
    expect(await again.json()).toMatchObject({ request_id: id, data: [{}] })
    expect(await getJob(id)).toMatchObject({ status: 'PROCESSED', attempts: [{ status: 'succeeded' }] })
    expect((await ended(queued)).status).toBe('PROCESSED')
    expect(callsFor('waits')).toHaveLength(1)
    expect(callsFor('too late')).toEqual([])
  })

  it('answers who waits with images that are finished in time', async () => {
    const gateway = await startGateway({ INFERENCE_CLUB_LIMITS_DRAIN_TIMEOUT: '20s' })
    await startAgent()
    const waiting = generate('in time')
    await arrived('in time')
    const stopped = gateway.stop()
    await gateway.printed(/Stopping/)
    gate.resolve(undefined)
    const answer = await waiting
    expect(answer.status).toBe(200)
    expect(((await answer.json()) as ImagesAnswer).data).toHaveLength(1)
    expect(await stopped).toMatchObject({ code: 0, stderr: '' })
  })

  it('is found again by who calls before its agents are back', async () => {
    gate.resolve(undefined)
    const gateway = await startGateway()
    const agent = await startAgent()
    expect((await generate('before')).status).toBe(200)
    await gateway.stop()
    // The agent is not let back before the call is there.
    agent.process.kill('SIGSTOP')
    await startGateway()
    const early = generate('early')
    await waitFor(async () => JSON.stringify(await (await call('/v1/jobs')).json()).includes('early'))
    agent.process.kill('SIGCONT')
    expect((await early).status).toBe(200)
  })

  it.each([
    ['finishes what its built-in agent makes', '20s', '20ms', null],
    ['hands back what its built-in agent cannot finish in time', '100ms', '300ms', expect.stringMatching(/^agent_lost/)]
  ])('%s', async (_what, drain, stepTime, reasonAtEnd) => {
    const env = { INFERENCE_CLUB_LIMITS_DRAIN_TIMEOUT: drain, INFERENCE_CLUB_DEMO_STEP_TIME: stepTime }
    const gateway = await startGateway(env, ['serve', '--demo'])
    const id = await submit('painted', 'demo')
    await waitFor(async () => (await getJob(id)).status === 'PROCESSING')
    expect(await gateway.stop()).toMatchObject({ code: 0, stderr: '' })
    // Without an agent nothing is made anew.
    await startGateway()
    const { attempts } = await getJob(id)
    expect(attempts.map(({ reason }) => reason)).toEqual([reasonAtEnd])
    // What was handed back has ended before the start, and need not be waited for.
    expect(attempts[0]?.finished_at).not.toBeNull()
  })

  it('stops at once when it is asked twice', async () => {
    const gateway = await startGateway({ INFERENCE_CLUB_LIMITS_DRAIN_TIMEOUT: '10m' })
    await startAgent()
    const waiting = generate('cut off')
    waiting.catch(() => undefined)
    await arrived('cut off')
    gateway.process.kill('SIGTERM')
    await gateway.printed(/Stopping/)
    await pause(ANOTHER_SIGNAL_AFTER_MS)
    expect((await gateway.stop()).code).toBe(1)
    await expect(waiting).rejects.toThrow()
  })
})

describe('an agent that is asked to stop', () => {
  it('finishes what it runs, takes no more, and goes', async () => {
    await startGateway()
    const agent = await startAgent()
    const id = await submit('last')
    await arrived('last')
    const stopped = agent.stop()
    await waitFor(async () => !(await listsModel()))
    const later = await submit('later')
    gate.resolve(undefined)
    expect((await stopped).code).toBe(0)
    expect(agent.output()).toContain('finishing what runs')
    expect(await ended(id)).toMatchObject({ status: 'PROCESSED', attempts: [{ status: 'succeeded' }] })
    expect(await getJob(later)).toMatchObject({ status: 'QUEUED', attempts: [] })

    await startAgent()
    const job = await ended(later)
    expect(job.status).toBe('PROCESSED')
    expect(await fetchImage(job.result_url!)).toMatchObject({ width: 64 })
  })

  it('while the gateway is away waits for it to deliver', async () => {
    const gateway = await startGateway()
    const agent = await startAgent()
    const id = await submit('kept')
    await arrived('kept')
    await gateway.stop('SIGKILL')
    const stopped = agent.stop()
    gate.resolve(undefined)
    await startGateway()
    expect((await stopped).code).toBe(0)
    expect(await ended(id)).toMatchObject({ status: 'PROCESSED', attempts: [{ status: 'succeeded' }] })
    expect(callsFor('kept')).toHaveLength(1)
  })

  it('stops at once when it is asked twice; its work is done by the next', async () => {
    await startGateway({ INFERENCE_CLUB_LIMITS_LEASE: '1s' })
    const agent = await startAgent()
    const id = await submit('dropped')
    await arrived('dropped')
    agent.process.kill('SIGTERM')
    await pause(ANOTHER_SIGNAL_AFTER_MS)
    expect((await agent.stop()).code).toBe(1)
    await waitFor(() => callsFor('dropped')[0]?.abandoned)
    gate.resolve(undefined)
    await startAgent()
    const { status, attempts } = await ended(id)
    expect(status).toBe('PROCESSED')
    expect(attempts.map((attempt) => attempt.status)).toEqual(['failed', 'succeeded'])
  })

  it('gives up what takes longer than a minute, which others then do', async () => {
    await startGateway()
    const services = [{ ...SERVICE, url: upstream.url, timeoutMs: 600_000 }]
    const agent = runAgent({
      config: agentConfig({ gateway: url, key: KEY, name: 'rig', services }),
      logger: silentLogger()
    })
    await agent.online
    const id = await submit('endless')
    await arrived('endless')
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    let gone = false
    const drained = agent.drain().then(() => (gone = true))
    await vi.advanceTimersByTimeAsync(59_999)
    expect(gone).toBe(false)
    await vi.advanceTimersByTimeAsync(1)
    await drained
    vi.useRealTimers()
    await waitFor(() => callsFor('endless')[0]?.abandoned)
    gate.resolve(undefined)
    await startAgent()
    expect(await ended(id)).toMatchObject({
      status: 'PROCESSED',
      attempts: [{ status: 'failed', reason: expect.stringContaining('agent_lost') }, { status: 'succeeded' }]
    })
  })
})
