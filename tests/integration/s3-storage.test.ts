import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { createStorageSweeper } from '../../src/app/storage-sweeper.ts'
import { silentLogger } from '../../src/lib/logger.ts'
import { connectFor, ended, picture, submit, unique } from '../support/agent-work.ts'
import { generate, type ImagesAnswer } from '../support/image-calls.ts'
import { listRows } from '../support/list-remains.ts'
import { readError } from '../support/read-error.ts'
import { runProgram } from '../support/run-program.ts'
import { type S3Process, spawnS3 } from '../support/spawn-s3.ts'
import { startTestGateway, type TestGateway, type TestUser } from '../support/test-gateway.ts'
import { waitFor } from '../support/wait-for.ts'

let s3: S3Process
let gateway: TestGateway
let user: TestUser

beforeAll(async () => {
  s3 = await spawnS3()
  gateway = await startTestGateway({ env: s3.env('club') })
  user = await gateway.addUser()
  await gateway.addAgent({ key: user.key, services: [{}] })
})
beforeEach(() => s3.control({}))
afterAll(async () => {
  await gateway.close()
  await s3.close()
})

/** Another gateway, whose images are delivered so, with an image and an edit made of it. */
async function delivering(delivery: string) {
  const env = { ...s3.env(unique('by').replace(' ', '-')), INFERENCE_CLUB_STORAGE_DELIVERY: delivery }
  const other = await startTestGateway({ env })
  const { key, client, id } = await other.addUser()
  await other.addAgent({ key, services: [{}] })
  const { data } = await generate(client)
  const path = new URL(data[0]!.url).pathname
  const form = new FormData()
  form.append('image', new Blob([new Uint8Array(await picture())], { type: 'image/png' }), 'a.png')
  form.append('model', 'demo')
  form.append('prompt', 'a fox')
  await other.call('/v1/images/edits', { method: 'POST', key, body: form })
  const { db } = other.database
  const input = await db
    .selectFrom('assets')
    .select(['id', 'storage_key'])
    .where('owner_id', '=', id)
    .where('kind', '=', 'input')
    .executeTakeFirstOrThrow()
  const fetchFrom = (path: string, init: RequestInit & { key?: string } = {}) =>
    other.call(path, { ...init, redirect: 'manual' })
  return { other, key, path, input: `/api/inference/assets/${input.id}/`, fetchFrom, asset: data[0]!.asset_id }
}

const stored = async () => (await s3.state()).keys.filter((key) => !key.includes('/readiness/'))
const busy = { fail: { operations: ['put' as const], status: 503, code: 'SlowDown' } }

it('keeps images in the bucket, from which they are served, cut, made small and edited, until they are deleted', async () => {
  const { data, request_id: id } = await generate(user.client)
  const [{ url, asset_id: asset }] = data as [(typeof data)[0]]
  expect(await stored()).toEqual([`club/images/${asset.slice(4, 5)}/${asset}`])
  const whole = Buffer.from(await (await fetch(url)).arrayBuffer())
  const part = await fetch(url, { headers: { range: 'bytes=10-19' } })
  expect([part.status, Buffer.from(await part.arrayBuffer())]).toEqual([206, whole.subarray(10, 20)])
  expect((await fetch(`${url}?format=webp`)).headers.get('content-type')).toBe('image/webp')
  expect(await stored()).toHaveLength(2)
  const form = new FormData()
  form.append('image', new Blob([whole], { type: 'image/png' }), 'a.png')
  form.append('model', 'demo')
  form.append('prompt', 'a fox')
  const edited = await gateway.call('/v1/images/edits', { method: 'POST', key: user.key, body: form })
  expect(edited.status).toBe(200)
  const { request_id: edit } = (await edited.json()) as { request_id: string }
  for (const one of [id, edit]) {
    expect((await gateway.call(`/v1/jobs/${one}`, { method: 'DELETE', key: user.key })).status).toBeLessThan(300)
  }
  await waitFor(async () => (await stored()).length === 0)
})

it('takes no new work while the bucket takes nothing, keeps what was made, and goes on by itself', async () => {
  const model = unique('model')
  const agent = await connectFor(gateway, user, model)
  const id = await submit(user, model)
  const { attempt_id: attemptId, token } = await agent.received('attempt.assigned')
  const body = await picture()
  await s3.control(busy)
  const refused = await agent.put(attemptId, { token, body })
  expect([refused.status, (await readError(refused)).code]).toEqual([503, 'storage_unavailable'])
  const json = { model, prompt: 'a fox', async: true }
  await waitFor(async () => {
    const submitted = await gateway.call('/v1/images/generations', { key: user.key, json })
    return submitted.status === 503 && (await readError(submitted)).code === 'storage_unavailable'
  })
  expect((await gateway.call('/readyz')).status).toBe(503)
  await s3.control({})
  await waitFor(async () => (await gateway.call('/v1/images/generations', { key: user.key, json })).status === 202)
  expect((await agent.put(attemptId, { token, body })).status).toBe(200)
  expect((await ended(user, id)).status).toBe('PROCESSED')
  expect((await gateway.call('/readyz')).status).toBe(200)
  await agent.close()
}, 30_000)

it('has images without bytes noted hourly, until these are back, and not those of deleted ones', async () => {
  const { store, assetStore: assets, stagedImages, unreadable, database } = gateway.gateway.context
  const logger = silentLogger()
  const { clock } = database
  const sweeper = createStorageSweeper({ store, assets, stagedImages, unreadable, clock, quarantineMs: 0, logger })
  const { data } = await generate(user.client)
  const id = data[0]!.asset_id
  const { storage_key: key } = (await assets.findAsset(id))!
  const bytes = await buffer((await store.open(key))!)
  await store.remove([key])
  const { signal } = new AbortController()
  await sweeper.sweep(signal)
  expect(unreadable.summary()).toEqual({ first: [key], all: 1 })
  await store.put(key, Readable.from([bytes]), { maxBytes: bytes.length })
  await sweeper.sweep(signal)
  expect(unreadable.summary().all).toBe(0)
})

it('is compared with the database by a command', async () => {
  await generate(user.client)
  const env = { INFERENCE_CLUB_DATA_DIR: gateway.dataDir, ...s3.env('club') }
  const check = () => runProgram(['storage', 'check'], { env })
  expect((await check()).stdout).toBe('Every image has its row and its bytes.\n')
  const [key] = await stored()
  await gateway.gateway.context.store.remove([key!.replace('club/', '')])
  const { code, stdout } = await check()
  expect([code, stdout]).toEqual([1, expect.stringContaining(key!.replace(/.*\//, ''))])
})

it('stops the start with a sentence when there is no such bucket', async () => {
  const folder = await mkdtemp(join(tmpdir(), 's3-start-'))
  const env = { ...s3.env('club'), INFERENCE_CLUB_STORAGE: 's3://nobodys', INFERENCE_CLUB_PORT: '0' }
  const { code, stderr } = await runProgram(['serve'], { env: { ...env, INFERENCE_CLUB_DATA_DIR: folder } })
  expect([code, stderr]).toEqual([1, expect.stringMatching(/There is no bucket 'nobodys' at http.*correct INFERENCE/)])
  await rm(folder, { recursive: true })
})

it('sends whoever may see an image to a signed link that says what it is and soon ends', async () => {
  const { other, key, path, input, fetchFrom, asset } = await delivering('redirect')
  for (const [wished, contentType] of [
    [path, 'image/png'],
    [`${path}?width=16&format=webp`, 'image/webp']
  ] as const) {
    const answer = await fetchFrom(wished)
    expect([answer.status, answer.headers.get('cache-control')]).toEqual([302, 'no-store'])
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff')
    const link = answer.headers.get('location')!
    expect((await fetchFrom(wished)).headers.get('location')).toBe(link)
    const image = await fetch(link, { headers: { range: 'bytes=0-3' } })
    expect([image.status, image.headers.get('content-type')]).toEqual([206, contentType])
    expect(image.headers.get('content-disposition')).toContain(`${asset}.${contentType.replace('image/', '')}`)
    expect(image.headers.get('cache-control')).toContain('immutable')
    const query = new URL(link).searchParams
    expect(Number(query.get('X-Amz-Expires'))).toBe(900)
    // Nobody makes another object, name or type of it.
    const changed = [link.replace(/ast_/, 'ast_0'), link.replace('image%2F', 'text%2F'), link.replace('=900', '=9000')]
    for (const one of changed) expect((await fetch(one)).status).toBe(403)
    expect((await fetch(link, { method: 'PUT', body: 'x' })).status).toBe(403)
  }
  expect((await fetchFrom(input)).status).toBe(404)
  expect((await fetchFrom(input, { key: (await other.addUser()).key })).status).toBe(404)
  expect((await fetchFrom(input, { key })).status).toBe(302)
  // What needs no link comes from here: facts alone, and the bytes that scripts of pages read.
  expect((await fetchFrom(path, { method: 'HEAD' })).status).toBe(200)
  expect((await fetchFrom(path, { headers: { 'sec-fetch-site': 'same-origin' } })).status).toBe(200)
  const policy = (await other.call('/')).headers.get('content-security-policy')
  expect(policy).toContain(`img-src 'self' data: blob: ${s3.url};`)
  await other.close()
})

it.each(['redirect', 'https://cdn.example.org/club/'])(
  'hands over itself, and then deletes, what is gone once it was fetched, where %s delivers the others',
  async (delivery) => {
    const { other, key, fetchFrom } = await delivering(delivery)
    const json = { model: 'demo', prompt: 'a fox', size: '48x32', steps: 2, expires_in: 0 }
    const made = await other.call('/v1/images/generations', { key, json })
    const { request_id: id, data } = (await made.json()) as ImagesAnswer
    const path = new URL(data[0]!.url).pathname
    const isStored = async () => (await s3.state()).keys.some((one) => one.includes(data[0]!.asset_id))
    expect(await isStored()).toBe(true)
    const small = await fetchFrom(`${path}?width=16`)
    expect([small.status, small.headers.get('cache-control')]).toEqual([200, 'private, no-store'])
    await small.arrayBuffer()
    const whole = await fetchFrom(path)
    expect([whole.status, whole.headers.get('location')]).toEqual([200, null])
    expect((await whole.arrayBuffer()).byteLength).toBe(Number(whole.headers.get('content-length')))
    await waitFor(async () => (await fetchFrom(path)).status === 404)
    await waitFor(async () => !(await isStored()))
    expect((await fetchFrom(`${path}?width=16`)).status).toBe(404)
    expect(await listRows(other, id)).toEqual([])
    await other.close()
  }
)

it('sends to a network in front of the bucket what needs no key, and nothing else', async () => {
  const { other, key, path, input, fetchFrom, asset } = await delivering('https://cdn.example.org/club/')
  const answer = await fetchFrom(path)
  expect(answer.headers.get('location')).toBe(`https://cdn.example.org/club/images/${asset.slice(4, 5)}/${asset}`)
  expect((await fetchFrom(input, { key })).status).toBe(200)
  await other.close()
})
