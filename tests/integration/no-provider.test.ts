import { afterEach, beforeEach, expect, it } from 'vitest'
import { startTestGateway, type TestGateway, type TestUser } from '../support/test-gateway.ts'
import { waitFor } from '../support/wait-for.ts'

let gateway: TestGateway
let user: TestUser
beforeEach(async () => {
  gateway = await startTestGateway({ env: { INFERENCE_CLUB_LIMITS_NO_PROVIDER_TIMEOUT: '400ms' } })
  user = await gateway.addUser()
})
afterEach(() => gateway.close())

interface Job {
  id: string
  status: string
  error?: { code: string; message: string }
}
const connect = (stepTime = '0ms') =>
  gateway.addAgent({ key: user.key, name: 'nightly', services: [{ options: { step_time: stepTime } }] })
const submit = (fields: Record<string, unknown> = {}) =>
  gateway.call('/v1/images/generations', {
    key: user.key,
    json: { model: 'demo', prompt: 'a fox', size: '32x32', async: true, ...fields }
  })
const jobOf = async ({ id }: { id: string }): Promise<Job> =>
  (await (await gateway.call(`/v1/jobs/${id}`, { key: user.key })).json()) as Job
const ended = ({ status }: Job) => status === 'PROCESSED' || status === 'FAILED'

it('a job waits for a provider that is known, and runs when it comes back', async () => {
  await (await connect()).stop()
  const accepted = await submit()
  expect(accepted.status).toBe(202)
  const job = (await accepted.json()) as Job
  await connect()
  await waitFor(async () => ended(await jobOf(job)))
  expect((await jobOf(job)).status).toBe('PROCESSED')
})

it('a job that nobody came for in time fails, and says so', async () => {
  await (await connect()).stop()
  const job = (await (await submit({ n: 2 })).json()) as Job
  await waitFor(async () => ended(await jobOf(job)))
  expect(await jobOf(job)).toMatchObject({ status: 'FAILED', error: { code: 'no_provider' } })
})

it('a synchronous call is not kept waiting for somebody who is away', async () => {
  await (await connect()).stop()
  expect((await submit({ async: false })).status).toBe(404)
})

it('what nobody ever offered is refused at once', async () => {
  expect((await submit({ model: 'never-seen' })).status).toBe(404)
})

it('waiting for a busy provider is no reason to fail', async () => {
  await connect('60ms')
  const jobs = await Promise.all([submit(), submit()].map(async (answer) => (await (await answer).json()) as Job))
  // Twenty steps each: the second waits longer than the timeout for the first.
  await gateway.drain()
  expect(await Promise.all(jobs.map(async (job) => (await jobOf(job)).status))).toEqual(['PROCESSED', 'PROCESSED'])
})
