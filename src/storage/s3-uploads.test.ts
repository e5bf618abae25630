import { createHash, randomUUID } from 'node:crypto'
import { buffer } from 'node:stream/consumers'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { BUCKET, S3_CREDENTIALS } from '../../tests/support/s3-server.ts'
import { type S3Process, spawnS3 } from '../../tests/support/spawn-s3.ts'
import { StorageMisconfigured } from '../config/storage-settings.ts'
import { StoreUnavailable, type UploadHeaders } from './object-store.ts'
import type { S3Options } from './s3-client.ts'
import { openS3Store } from './s3-store.ts'

let server: S3Process
beforeAll(async () => {
  server = await spawnS3()
})
beforeEach(() => server.control({}))
afterAll(() => server.close())

async function open(options: Partial<S3Options> = {}) {
  const store = await openS3Store({
    bucket: BUCKET,
    prefix: `${randomUUID()}/`,
    endpoint: server.url,
    region: S3_CREDENTIALS.region,
    patience: { connectMs: 1000, silentMs: 500, tries: 2 },
    takesUploads: true,
    ...options
  })
  return { store, uploads: store.uploads! }
}

const KNOWS = { knowsChecksums: true }
const bytes = Buffer.from('bytes of an image')
const facts = (of: Buffer) => ({
  bytes: of.length,
  sha256: createHash('sha256').update(of).digest('hex'),
  contentType: 'image/png'
})
const send = async (link: { url: string; headers: UploadHeaders }, body: Buffer, more: Record<string, string> = {}) =>
  (await fetch(link.url, { method: 'PUT', headers: { ...link.headers, ...more }, body: new Uint8Array(body) })).status

describe.each([
  ['that knows checksums', KNOWS],
  ['that refuses checksums', {}]
])('a link for a server %s', (_name, settings) => {
  it('takes what was announced, and nothing of another length, type, name, method or time', async () => {
    await server.control(settings)
    const { store, uploads } = await open()
    const link = await uploads.sign('uploads/one', { ...facts(bytes), forMs: 600_000 })
    expect(await send(link, bytes.subarray(1))).toBe(403)
    expect(await send(link, Buffer.concat([bytes, bytes]))).toBe(403)
    expect(await send(link, bytes, { 'content-type': 'text/html' })).toBe(403)
    expect(await send(link, bytes, { 'x-amz-acl': 'public-read' })).toBe(403)
    for (const url of [link.url.replace('/one', '/two'), link.url.replace('=600', '=6000')]) {
      expect(await send({ ...link, url }, bytes)).toBe(403)
    }
    expect((await fetch(link.url)).status).toBe(403)
    expect((await fetch(link.url, { method: 'DELETE' })).status).toBe(403)
    await server.control({ ...settings, aheadMs: 601_000 })
    expect(await send(link, bytes)).toBe(403)
    expect(await store.stat('uploads/one')).toBeUndefined()
    await server.control(settings)
    expect(await send(link, bytes)).toBe(200)
    expect(await store.stat('uploads/one')).toEqual({ bytes: bytes.length })
  })
})

it('binds the hash of what is written where the server looks at it', async () => {
  await server.control(KNOWS)
  const { store, uploads } = await open()
  const link = await uploads.sign('uploads/one', { ...facts(bytes), forMs: 600_000 })
  const other = Buffer.from(bytes.toString().toUpperCase())
  expect(await send(link, other)).toBe(400)
  expect(
    await send(link, other, { 'x-amz-checksum-sha256': createHash('sha256').update(other).digest('base64') })
  ).toBe(403)
  expect(await store.stat('uploads/one')).toBeUndefined()
})

it('copies with nothing that was said of an object but its type, and the copy stays as it is', async () => {
  const { store, uploads } = await open({ prefix: 'copies/' })
  const link = await uploads.sign('uploads/one', { ...facts(bytes), forMs: 600_000 })
  expect(await send(link, bytes, { 'content-encoding': 'gzip' })).toBe(200)
  expect(await uploads.copy('uploads/one', 'images/one', { contentType: 'image/webp' })).toBe(true)
  expect(await send(link, Buffer.alloc(bytes.length))).toBe(200)
  expect(await buffer((await store.open('images/one'))!)).toEqual(bytes)
  const headers = { contentType: '', contentDisposition: '', cacheControl: '' }
  const answer = await fetch((await store.link('images/one', { headers, forMs: 60_000 }))!)
  expect([answer.status, answer.headers.get('content-encoding')]).toEqual([200, null])
  expect(await uploads.copy('uploads/none', 'images/two', { contentType: 'image/webp' })).toBe(false)
  await server.control({ fail: { operations: ['copy'], status: 500, code: 'InternalError' } })
  await expect(uploads.copy('uploads/one', 'images/two', { contentType: 'image/webp' })).rejects.toThrow(
    StoreUnavailable
  )
})

it('is signed for where others reach the server, downloads too', async () => {
  const { store, uploads } = await open({ publicEndpoint: 'https://s3.example.org' })
  const link = await uploads.sign('uploads/one', { ...facts(bytes), forMs: 1000 })
  expect(new URL(link.url).origin).toBe('https://s3.example.org')
  const headers = { contentType: '', contentDisposition: '', cacheControl: '' }
  expect(new URL((await store.link('a', { headers, forMs: 1000 }))!).origin).toBe('https://s3.example.org')
}, 20_000)

it('is tried out at the start, and leaves nothing there', async () => {
  const { store } = await open()
  expect(await Array.fromAsync(store.list('probe/'))).toEqual([])
  expect((await openS3Store({ bucket: BUCKET, prefix: 'none/', endpoint: server.url, region: 'club-1' })).uploads).toBe(
    undefined
  )
  // A public address that leads to something else.
  const wrong = open({ publicEndpoint: `${server.url}/elsewhere` })
  await expect(wrong).rejects.toThrow(StorageMisconfigured)
  await expect(wrong).rejects.toThrow(/INFERENCE_CLUB_S3_PUBLIC_ENDPOINT, or set INFERENCE_CLUB_STORAGE_UPLOADS=proxy/)
})
