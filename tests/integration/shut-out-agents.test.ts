import { createHash } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { UploadPlace } from '../../src/protocol/direct-uploads.ts'
import { encodeAttemptResult, RESULT_HEADER } from '../../src/protocol/messages.ts'
import { assetsOf, attemptRow, ended, picture, unique } from '../support/agent-work.ts'
import { leftHalfTransparent } from '../support/pictures.ts'
import { connectRawAgent } from '../support/raw-agent.ts'
import { type S3Process, spawnS3 } from '../support/spawn-s3.ts'
import { startTestGateway, type TestGateway, type TestUser } from '../support/test-gateway.ts'
import { waitFor } from '../support/wait-for.ts'

let s3: S3Process
let gateway: TestGateway
let caller: TestUser

beforeAll(async () => {
  s3 = await spawnS3()
  gateway = await startTestGateway({ env: { ...s3.env('shut-out'), INFERENCE_CLUB_STORAGE_UPLOADS: 'direct' } })
  caller = await gateway.addUser()
})
afterAll(async () => {
  await gateway.close()
  await s3.close()
})

const dataUrl = (bytes: Buffer): string => `data:image/png;base64,${bytes.toString('base64')}`

/** An edit of a member on the machine of another one, which has written its image to the bucket and not told of it. */
async function assignedEdit() {
  const owner = await gateway.addUser()
  const model = unique('model')
  const agent = await connectRawAgent({ url: gateway.url, key: owner.key })
  await agent.hello({ name: unique('rig'), services: [{ models: [{ id: model, features: ['edit', 'mask'] }] }] })
  const json = {
    model,
    prompt: 'rain',
    size: '40x24',
    async: true,
    images: [{ image_url: dataUrl(await picture()) }],
    mask: { image_url: dataUrl(await leftHalfTransparent({ width: 40, height: 24 })) }
  }
  const { id } = (await (await gateway.call('/v1/images/edits', { key: caller.key, json })).json()) as { id: string }
  const { attempt_id: attemptId, token } = await agent.received('attempt.assigned')

  const image = await picture()
  const headers = { [RESULT_HEADER]: encodeAttemptResult({ seed: 1, warnings: [], generating_ms: 5 }) }
  const announced = {
    bytes: image.length,
    sha256: createHash('sha256').update(image).digest('hex'),
    media_type: 'image/png'
  }
  const call = (path: string, init: Parameters<TestGateway['call']>[1] = {}, bearer = token) =>
    gateway.call(`/api/agent/attempts/${attemptId}/${path}`, { key: bearer, ...init })
  const place = ((await (await call('upload', { json: announced })).json()) as UploadPlace).place!
  const write = async () =>
    (await fetch(place.url, { method: 'PUT', headers: { ...place.headers }, body: new Uint8Array(image) })).status
  expect(await write()).toBe(200)
  /** By path: the status of each route that the token of the attempt opens; what ends the attempt comes last. */
  const statuses = async (bearer?: string): Promise<Record<string, number>> => {
    const all: Record<string, number> = {}
    for (const [path, init] of Object.entries<Parameters<TestGateway['call']>[1]>({
      'inputs/image0': {},
      'inputs/mask': {},
      upload: { json: announced },
      uploaded: { method: 'POST', headers },
      image: { method: 'PUT', headers: { ...headers, 'content-type': 'image/png' }, body: new Uint8Array(image) }
    })) {
      const answer = await call(path, init, bearer)
      await answer.arrayBuffer()
      all[path] = answer.status
    }
    return all
  }
  return { agent, owner, id, attemptId, write, statuses }
}

/** Whether it is written down that the connection of somebody's machine has ended. */
async function isOffline({ id }: TestUser): Promise<boolean> {
  const providers = gateway.database.db.selectFrom('providers').select('online_until').where('owner_id', '=', id)
  return (await providers.executeTakeFirstOrThrow()).online_until <= Date.now()
}

const ROUTES = ['inputs/image0', 'inputs/mask', 'upload', 'uploaded', 'image']
const all = (status: number) => Object.fromEntries(ROUTES.map((path) => [path, status]))

const SHUT_OUT: [string, (owner: TestUser) => Promise<unknown>][] = [
  ['whose key was revoked', ({ keyId }) => gateway.gateway.context.apiKeys.revoke(keyId)],
  [
    'whose key has expired',
    ({ keyId }) =>
      gateway.database.db
        .updateTable('api_keys')
        .set({ expires_at: Date.now() - 1 })
        .where('id', '=', keyId)
        .execute()
  ],
  [
    'whose owner is disabled',
    ({ id }) => gateway.gateway.context.people.change({ userId: id, by: null, change: { disabled: true } })
  ]
]

describe.each(SHUT_OUT)('an agent %s', (_who, shutOut) => {
  it.each(['is connected', 'has left'])('and that %s reads and brings nothing more of its work', async (how) => {
    const { agent, owner, id, attemptId, write, statuses } = await assignedEdit()
    if (how === 'has left') {
      await agent.close()
      await waitFor(() => isOffline(owner))
      // Its lease goes on, so that it could come back.
      expect((await attemptRow(gateway, attemptId)).state).toBe('running')
    }
    await shutOut(owner)
    expect(await statuses()).toEqual(all(409))
    // The bucket knows of nobody: what is written there counts for nothing.
    expect(await write()).toBe(200)
    expect(await statuses()).toEqual(all(409))
    expect(await assetsOf(gateway, id)).toHaveLength(2)
    await gateway.gateway.context.requests.cancel(id)
    await agent.close()
  })
})

it('the member whose image it is may be shut out: what they had asked for is made', async () => {
  const { agent, id, statuses } = await assignedEdit()
  const { people } = gateway.gateway.context
  await people.change({ userId: caller.id, by: null, change: { disabled: true } })
  try {
    expect(await statuses()).toEqual(all(200))
  } finally {
    await people.change({ userId: caller.id, by: null, change: { disabled: false } })
  }
  expect((await ended(caller, id)).status).toBe('PROCESSED')
  await agent.close()
})

it('nobody, the owner and the caller open none of it by their keys, before or after a deletion', async () => {
  const { agent, owner, id, statuses } = await assignedEdit()
  const others = ['', caller.key, owner.key, (await gateway.addUser({ role: 'admin' })).key]
  for (const bearer of others) expect(await statuses(bearer)).toEqual(all(404))
  expect((await gateway.call(`/v1/jobs/${id}/cancel`, { method: 'POST', key: caller.key })).status).toBe(200)
  expect(await statuses()).toEqual(all(409))
  await waitFor(
    async () => (await gateway.call(`/v1/jobs/${id}`, { method: 'DELETE', key: caller.key })).status === 200
  )
  expect(await statuses()).toEqual(all(404))
  for (const bearer of others) expect(await statuses(bearer)).toEqual(all(404))
  await agent.close()
})
