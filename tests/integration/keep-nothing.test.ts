import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { type IncomingMessage, request as httpRequest } from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { DAY_MS } from '../../src/lib/durations.ts'
import type { AttemptFault } from '../../src/protocol/messages.ts'
import { usageOf } from '../support/agent-work.ts'
import { type HandWorker, startHandWorker } from '../support/hand-worker.ts'
import { SMALL } from '../support/image-calls.ts'
import { leftHalfTransparent, plainPng } from '../support/pictures.ts'
import { listRows, listStore } from '../support/list-remains.ts'
import { startTestGateway, type TestGateway, type TestUser } from '../support/test-gateway.ts'
import { waitFor } from '../support/wait-for.ts'

/** So much of an answer that nobody reads lies in no buffer of two sockets: it is never out whole. */
const MORE_THAN_SOCKETS_HOLD = { width: 2400, height: 2000 }

let gateway: TestGateway
let user: TestUser
let worker: HandWorker

beforeAll(async () => {
  gateway = await startTestGateway()
  user = await gateway.addUser()
  const features = ['generate', 'edit', 'mask'] as const
  worker = await startHandWorker(gateway, {
    key: user.key,
    services: [{ concurrency: 4, models: [{ id: 'demo', features: [...features] }] }]
  })
})
afterAll(async () => {
  await worker.close()
  await gateway.close()
})

const requestOf = async (attemptId: string): Promise<string> =>
  (
    await gateway.database.db
      .selectFrom('attempts')
      .select('request_id')
      .where('id', '=', attemptId)
      .executeTakeFirstOrThrow()
  ).request_id

const gone = (id: string) => waitFor(async () => (await listRows(gateway, id)).length === 0)

const sameKeys = (some: readonly string[], others: readonly string[]): boolean =>
  some.toSorted().join() === others.toSorted().join()

async function fail(fault: AttemptFault): Promise<string> {
  const { attempt_id, token } = await worker.next()
  const id = await requestOf(attempt_id)
  worker.agent.send({ type: 'attempt.failed', attempt_id, token, fault, message: 'Not like this.' })
  return id
}

/** A call on a connection of its own, of whose answer nothing is read that the test does not read. */
function startCall(fields: object): { response: Promise<IncomingMessage>; leave: () => void } {
  const call = httpRequest(`${gateway.url}/v1/images/generations`, {
    method: 'POST',
    agent: false,
    headers: { authorization: `Bearer ${user.key}`, 'content-type': 'application/json' }
  })
  call.on('error', () => undefined)
  const response = once(call, 'response').then(([one]) => one as IncomingMessage)
  call.end(JSON.stringify({ ...SMALL, expires_in: 0, ...fields }))
  return { response, leave: () => void call.destroy() }
}

describe('a call with expires_in: 0 that fails', () => {
  it.each([
    ['URLs', {}],
    ['base64', { response_format: 'b64_json' }],
    ['events', { stream: true }]
  ])('leaves nothing when %s were asked for, sources included, and counts for nothing', async (_name, fields) => {
    const before = await listStore(gateway)
    const dataUrl = (bytes: Buffer) => ({ image_url: `data:image/png;base64,${bytes.toString('base64')}` })
    const size = { width: 48, height: 32 }
    const answer = gateway.call('/v1/images/edits', {
      key: user.key,
      json: {
        ...SMALL,
        ...{ images: [dataUrl(await plainPng(size, [9, 9, 9]))], mask: dataUrl(await leftHalfTransparent(size)) },
        ...{ expires_in: 0, ...fields }
      }
    })
    const { attempt_id, token } = await worker.next()
    const id = await requestOf(attempt_id)
    expect((await listStore(gateway)).length).toBeGreaterThan(before.length)
    const message = 'Not like this.'
    worker.agent.send({ type: 'attempt.failed', attempt_id, token, fault: 'bad_request', message })
    expect(await (await answer).text()).toContain(message)
    await gone(id)
    expect((await gateway.call(`/v1/jobs/${id}`, { key: user.key })).status).toBe(404)
    // The bytes go after the rows.
    await waitFor(async () => sameKeys(await listStore(gateway), before))
    expect(await usageOf(gateway, id)).toEqual([])
  })

  it('stays when it is a job, whose error nobody has read yet', async () => {
    const json = { ...SMALL, expires_in: 0, async: true }
    expect((await gateway.call('/v1/images/generations', { key: user.key, json })).status).toBe(202)
    const id = await fail('bad_request')
    const job = async () =>
      (await (await gateway.call(`/v1/jobs/${id}`, { key: user.key })).json()) as Record<string, unknown>
    await waitFor(async () => (await job()).status === 'FAILED')
    const { expires_at, finished_at } = await job()
    expect(expires_at).toBe((finished_at as number) + DAY_MS / 1000)
  })
})

it.each([
  ['an answer', {}],
  ['events', { stream: true }]
])('is gone when %s told that all image servers are busy', async (_name, fields) => {
  const { limits } = gateway.gateway.context.config
  const { syncTimeoutMs, unusableTimeoutMs } = limits
  Object.assign(limits, { syncTimeoutMs: 300, unusableTimeoutMs: 100 })
  try {
    const answer = gateway.call('/v1/images/generations', {
      key: user.key,
      json: { ...SMALL, expires_in: 0, ...fields }
    })
    const id = await fail('busy')
    expect(await (await answer).text()).toContain('busy at the moment')
    await gone(id)
  } finally {
    Object.assign(limits, { syncTimeoutMs, unusableTimeoutMs })
    await gateway.database.db.deleteFrom('service_pauses').execute()
    gateway.database.bell.ring('tasks')
  }
})

describe('a caller who leaves in the middle', () => {
  it.each([
    ['an answer of base64', { response_format: 'b64_json' }],
    ['events', { stream: true }]
  ])('of %s has not been delivered it, and has a day to come back for it', async (_name, fields) => {
    const { width, height } = MORE_THAN_SOCKETS_HOLD
    const noise = sharp(randomBytes(width * height * 3), { raw: { width, height, channels: 3 } })
    const body = await noise.png({ compressionLevel: 0 }).toBuffer()
    const call = startCall({ ...fields, size: `${width}x${height}` })
    const attempt = await worker.next()
    const id = await requestOf(attempt.attempt_id)
    await worker.finish(attempt, { body })
    const response = await call.response
    expect(response.statusCode).toBe(200)
    await once(response, 'readable')
    call.leave()
    // What would go has gone by then, for it goes as soon as the connection is closed.
    await pause(200)
    const job = (await (await gateway.call(`/v1/jobs/${id}`, { key: user.key })).json()) as {
      status: string
      expires_at: number
      finished_at: number
      result: { data: { url: string }[] }
    }
    expect(job).toMatchObject({ status: 'PROCESSED', expires_at: job.finished_at + DAY_MS / 1000 })
    expect(await usageOf(gateway, id)).toHaveLength(1)
    const image = await gateway.call(job.result.data[0]!.url.slice(gateway.url.length))
    expect((await image.arrayBuffer()).byteLength).toBeGreaterThan(width * height)
    await gone(id)
    expect(await usageOf(gateway, id)).toHaveLength(1)
  })

  it.each([
    ['an answer', {}],
    ['events', { stream: true }]
  ])('of waiting for %s leaves a canceled request that counts for nothing', async (_name, fields) => {
    const call = startCall(fields)
    const attempt = await worker.next()
    const id = await requestOf(attempt.attempt_id)
    call.response.catch(() => undefined)
    call.leave()
    const row = () =>
      gateway.database.db.selectFrom('requests').selectAll().where('id', '=', id).executeTakeFirstOrThrow()
    await waitFor(async () => (await row()).state === 'canceled')
    expect((await row()).expires_at).toBe((await row()).finished_at! + DAY_MS)
    expect(await usageOf(gateway, id)).toEqual([])
  })
})
