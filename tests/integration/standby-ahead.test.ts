import { afterEach, beforeEach, expect, it } from 'vitest'
import { listTasks } from '../../src/requests/task-store.ts'
import { type HandWorker, startHandWorker } from '../support/hand-worker.ts'
import { getJob } from '../support/image-calls.ts'
import { startTestGateway, type TestGateway, type TestUser } from '../support/test-gateway.ts'
import { waitFor } from '../support/wait-for.ts'

const MODEL = 'm'

let gateway: TestGateway
let caller: TestUser
const workers: HandWorker[] = []

beforeEach(async () => {
  gateway = await startTestGateway()
  caller = await gateway.addUser()
})
afterEach(async () => {
  for (const worker of workers.splice(0)) await worker.close()
  await gateway.close()
})

async function connect(prefetch = 0): Promise<HandWorker> {
  const models = [{ id: MODEL, features: ['generate' as const] }]
  const { key } = await gateway.addUser()
  const worker = await startHandWorker(gateway, { key, services: [{ name: 'images', models, prefetch }] })
  workers.push(worker)
  return worker
}

async function ask(): Promise<string> {
  const json = { model: MODEL, prompt: 'a fox', size: '32x32', async: true }
  const answer = await gateway.call('/v1/images/generations', { key: caller.key, json })
  return ((await answer.json()) as { id: string }).id
}
const job = (id: string) => getJob(caller.client, id)
const heldOf = async (id: string) => (await listTasks(gateway.database.db, id))[0]?.held

/** A machine that makes the first image, and has put the second into the queue of its image server. */
async function putAhead() {
  const worker = await connect(1)
  const [first, second] = [await ask(), await ask()]
  const [making, ahead] = [await worker.next(), await worker.next()]
  worker.agent.send({ type: 'attempt.ready', attempt_id: ahead.attempt_id, ahead: true })
  await worker.agent.received('attempt.start', ({ attempt_id }) => attempt_id === ahead.attempt_id)
  return { worker, first, second, making, ahead }
}

it('what lies in the queue of an image server waits for everybody, and is not given to who is idle', async () => {
  const { second } = await putAhead()
  expect(await job(second)).toMatchObject({ status: 'QUEUED', queue_position: 1, attempts: [] })
  expect(await heldOf(second)).toBe(2)
  const idle = await connect()
  const third = await ask()
  await idle.finish(await idle.next())
  await waitFor(async () => (await job(third)).status === 'PROCESSED')
  expect(idle.assigned()).toHaveLength(1)
  expect((await job(second)).status).toBe('QUEUED')
})

it('it runs once its agent says that it has begun, also on a machine that was drained meanwhile', async () => {
  const { worker, second, ahead } = await putAhead()
  await gateway.database.db.updateTable('providers').set({ drained_at: 1 }).execute()
  worker.agent.send({ type: 'attempt.begun', attempt_id: ahead.attempt_id })
  await waitFor(async () => (await job(second)).status === 'PROCESSING')
  expect(await heldOf(second)).toBe(0)
  await worker.finish(ahead)
  expect((await job(second)).attempts).toMatchObject([{ status: 'succeeded' }])
})

it('it runs when the image before it is there, whether or not its agent says anything', async () => {
  const { worker, second, making, ahead } = await putAhead()
  await worker.finish(making)
  await waitFor(async () => (await job(second)).status === 'PROCESSING')
  await worker.finish(ahead)
  await waitFor(async () => (await job(second)).status === 'PROCESSED')
})

it('what its image server says against it counts, before it has begun', async () => {
  const { worker, second, ahead } = await putAhead()
  const { attempt_id, token } = ahead
  worker.agent.send({ type: 'attempt.failed', attempt_id, token, fault: 'bad_request', message: 'No such sampler.' })
  await waitFor(async () => (await job(second)).status === 'FAILED')
  expect(await heldOf(second)).toBe(0)
})

it('what is taken out of the queue again is given to whoever is idle', async () => {
  const { worker, second, ahead } = await putAhead()
  const { attempt_id, token } = ahead
  worker.agent.send({ type: 'attempt.failed', attempt_id, token, fault: 'busy', message: 'Back.', retry_after_ms: 250 })
  await waitFor(async () => (await heldOf(second)) === 0)
  const idle = await connect()
  await idle.finish(await idle.next())
  await waitFor(async () => (await job(second)).status === 'PROCESSED')
})

it('it is canceled like anything that waits', async () => {
  const { worker, second, ahead } = await putAhead()
  await gateway.call(`/v1/jobs/${second}/cancel`, { key: caller.key, method: 'POST' })
  await worker.agent.received('attempt.cancel', ({ attempt_id }) => attempt_id === ahead.attempt_id)
  expect((await job(second)).status).toBe('CANCELED')
})
