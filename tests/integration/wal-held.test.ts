import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { DEFAULT_SCOPES } from '../../src/auth/api-keys.ts'
import { withAccounts } from '../../src/cli/with-accounts.ts'
import type { AgentMessage, GatewayMessage } from '../../src/protocol/messages.ts'
import { drawGenerated } from '../support/fake-openai-pictures.ts'
import { createHeldDisk, watch } from '../support/held-disk.ts'
import { getJob, type JobAnswer, SMALL } from '../support/image-calls.ts'
import { connectRawAgent, type RawAgent } from '../support/raw-agent.ts'
import { storedFiles } from '../support/stored-files.ts'
import { startTestGateway, type TestGateway, type TestUser } from '../support/test-gateway.ts'
import { waitFor } from '../support/wait-for.ts'

/** What `durability.test.ts` leaves: every other reply that is a promise. */
const disk = createHeldDisk()

let gateway: TestGateway
let user: TestUser
let agent: RawAgent
let picture: Buffer
let made = 0
let model: string

beforeAll(async () => {
  gateway = await startTestGateway({ syncFile: disk.sync })
  picture = await drawGenerated({ prompt: 'a fox', seed: 1, size: { width: 48, height: 32 }, format: 'png' })
})

afterEach(async () => {
  disk.release()
  await agent?.close()
  vi.restoreAllMocks()
  vi.unstubAllEnvs()
})
afterAll(() => gateway.close())

/** Someone of their own whose agent does what the test does, and an image it has been given. */
async function arrange(): Promise<{ id: string; assigned: Extract<GatewayMessage, { type: 'attempt.assigned' }> }> {
  user = await gateway.addUser()
  model = `model-${++made}`
  agent = await connectRawAgent({ url: gateway.url, key: user.key })
  await agent.hello({ name: 'raw', services: [{ models: [{ id: model, features: ['generate'] }] }] })
  const { id } = await post<JobAnswer>('/v1/images/generations', { ...SMALL, model, async: true })
  const assigned = await agent.received('attempt.assigned')
  // Everything so far is on disk, so that only what the test does is waited for.
  await gateway.database.durable()
  return { id, assigned }
}

async function post<T>(path: string, json: unknown): Promise<T> {
  return (await (await gateway.call(path, { key: user.key, json })).json()) as T
}

const deliver = (attempt: { attempt_id: string; token: string }) =>
  agent.put(attempt.attempt_id, { token: attempt.token, body: picture })

const failureOf = ({ attempt_id, token }: { attempt_id: string; token: string }): AgentMessage => ({
  type: 'attempt.failed',
  attempt_id,
  token,
  fault: 'bad_request',
  message: 'No.'
})

const stateIs = (id: string, state: string) => async () => {
  const row = await gateway.database.db.selectFrom('requests').select('state').where('id', '=', id).executeTakeFirst()
  return row?.state === state
}

describe('while the disk has not kept it', () => {
  it('an agent is not told that its image is stored: it would throw its copy away', async () => {
    const { id, assigned } = await arrange()
    disk.hold()
    const put = watch(deliver(assigned))
    await waitFor(stateIs(id, 'succeeded'))
    await disk.expectHeldBack(put)
    // Nor one that asks again because the first answer is so late.
    const again = watch(deliver(assigned))
    await disk.expectHeldBack(again)
    disk.release()
    expect([(await put.answer).status, (await again.answer).status]).toEqual([200, 200])
  })

  it('nor that its image is not wanted any more', async () => {
    const { id, assigned } = await arrange()
    disk.hold()
    await gateway.gateway.context.requests.cancel(id)
    const put = watch(deliver(assigned))
    await disk.expectHeldBack(put)
    disk.release()
    expect((await put.answer).status).toBe(409)
  })

  it('a cancellation is not confirmed', async () => {
    const { id } = await arrange()
    disk.hold()
    const call = watch(gateway.call(`/v1/jobs/${id}/cancel`, { key: user.key, method: 'POST' }))
    await waitFor(stateIs(id, 'canceled'))
    await disk.expectHeldBack(call)
    disk.release()
    expect(await (await call.answer).json()).toMatchObject({ id, canceled: true })
  })

  it('a retry is not promised', async () => {
    const { id, assigned } = await arrange()
    agent.send(failureOf(assigned))
    await waitFor(stateIs(id, 'failed'))
    await gateway.database.durable()
    disk.hold()
    const call = watch(gateway.call(`/v1/jobs/${id}/retry`, { key: user.key, method: 'POST' }))
    await agent.received('attempt.assigned', (message) => message.attempt_id !== assigned.attempt_id)
    await disk.expectHeldBack(call)
    disk.release()
    expect((await call.answer).status).toBe(202)
  })

  it('a batch is not promised', async () => {
    await arrange()
    disk.hold()
    const requests = [{ endpoint: '/v1/images/generations', body: { ...SMALL, model, prompt: 'one of a batch' } }]
    const call = watch(gateway.call('/v1/batches', { key: user.key, json: { requests } }))
    await waitFor(() =>
      gateway.database.db.selectFrom('requests').select('id').where('prompt', '=', 'one of a batch').executeTakeFirst()
    )
    await disk.expectHeldBack(call)
    disk.release()
    expect((await call.answer).status).toBe(202)
  })

  it('a list does not show it as done', async () => {
    const { id, assigned } = await arrange()
    disk.hold()
    const put = deliver(assigned)
    await waitFor(stateIs(id, 'succeeded'))
    const list = watch(gateway.call('/v1/jobs', { key: user.key }))
    await disk.expectHeldBack(list)
    disk.release()
    expect(await (await list.answer).json()).toMatchObject({ data: [{ id, status: 'PROCESSED' }] })
    await put
  })

  it('a deletion is not confirmed, and the bytes stay: the row may come back', async () => {
    const { id, assigned } = await arrange()
    await deliver(assigned)
    const { result } = await getJob(user.client, id)
    const asset = result?.data[0]?.asset_id ?? ''
    const isStored = async () => (await storedFiles(gateway.dataDir)).some((path) => path.endsWith(asset))
    disk.hold()
    const call = watch(gateway.call(`/v1/jobs/${id}`, { key: user.key, method: 'DELETE' }))
    await waitFor(async () => !(await stateIs(id, 'succeeded')()))
    await disk.expectHeldBack(call)
    expect(await isStored()).toBe(true)
    disk.release()
    expect((await call.answer).status).toBe(200)
    expect(await isStored()).toBe(false)
  })

  it('a key is neither shown nor said to be revoked', async () => {
    user = await gateway.addUser()
    await gateway.database.durable()
    vi.stubEnv('INFERENCE_CLUB_DATA_DIR', gateway.dataDir)
    const file = await open(join(gateway.dataDir, 'inference-club.sqlite'))
    // The commands open the database by themselves, with the system's own sync.
    vi.spyOn(Object.getPrototypeOf(file) as typeof file, 'datasync').mockImplementation(() => disk.sync(file.fd))
    disk.hold()
    const creating = watch(
      withAccounts(({ apiKeys }) => apiKeys.create({ userId: user.id, name: 'new', scopes: [...DEFAULT_SCOPES] }))
    )
    await waitFor(async () => (await keysOf(user)).length === 2)
    await disk.expectHeldBack(creating)
    disk.release()
    const { id } = await creating.answer

    disk.hold()
    const revoking = watch(withAccounts(({ apiKeys }) => apiKeys.revoke(id)))
    await waitFor(async () => (await keysOf(user)).some((key) => key.revoked_at !== null))
    await disk.expectHeldBack(revoking)
    disk.release()
    expect(await revoking.answer).toBe(true)
    await file.close()
  })
})

const keysOf = (owner: TestUser) => gateway.gateway.context.apiKeys.list({ userId: owner.id })
