import { createHash } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { generate, type ImagesAnswer } from '../support/image-calls.ts'
import { readError } from '../support/read-error.ts'
import { startTestGateway, type TestGateway, type TestUser } from '../support/test-gateway.ts'

const CACHED = 'public, max-age=31536000, immutable'

let gateway: TestGateway
let user: TestUser
/** `/api/inference/assets/<id>/` */
let path: string
let bytes: Buffer
let etag: string

const pathOf = (answer: ImagesAnswer): string => new URL(answer.data[0]!.url).pathname
const bodyOf = async (response: Response): Promise<Buffer> => Buffer.from(await response.arrayBuffer())

beforeAll(async () => {
  gateway = await startTestGateway()
  user = await gateway.addUser()
  await gateway.addAgent({ key: user.key, services: [{}] })
  const answer = await generate(user.client, { response_format: 'b64_json', output_format: 'webp' })
  path = pathOf(answer)
  bytes = Buffer.from(answer.data[0]!.b64_json ?? '', 'base64')
  etag = `"${createHash('sha256').update(bytes).digest('hex')}"`
})

afterAll(() => gateway.close())

/** What makes an image safe to show, cacheable and embeddable: on every answer that stands for it. */
function expectImageHeaders({ headers }: Response): void {
  expect(headers.get('etag')).toBe(etag)
  expect(headers.get('cache-control')).toBe(CACHED)
  expect(headers.get('accept-ranges')).toBe('bytes')
  expect(headers.get('x-content-type-options')).toBe('nosniff')
  expect(headers.get('content-security-policy')).toBe("default-src 'none'; sandbox")
  expect(headers.get('cross-origin-resource-policy')).toBe('cross-origin')
  expect(headers.get('access-control-allow-origin')).toBe('*')
  expect(headers.get('x-request-id')).toMatch(/^xid_/)
}

/** An error in place of an image must not be kept by any cache as if it were the image. */
function expectNotCacheable({ headers }: Response): void {
  expect(headers.get('cache-control') ?? 'no-store').toContain('no-store')
  expect(headers.get('etag')).toBeNull()
}

describe('an image', () => {
  it('comes with its own media type, without a key', async () => {
    const response = await gateway.call(path)
    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toBe('image/webp')
    expect(response.headers.get('content-length')).toBe(String(bytes.length))
    expect(response.headers.get('content-disposition')).toMatch(/^inline; filename="ast_[a-z0-9]{25}\.webp"$/)
    expectImageHeaders(response)
    expect(await bodyOf(response)).toEqual(bytes)
  })

  it('comes with and without a slash at the end', async () => {
    for (const spelling of [path, path.slice(0, -1)]) {
      expect(await bodyOf(await gateway.call(spelling))).toEqual(bytes)
    }
  })

  it.each(['png', 'jpeg', 'webp'])('may be %s', async (format) => {
    const answer = await generate(user.client, { output_format: format })
    const response = await gateway.call(pathOf(answer))
    expect(response.headers.get('content-type')).toBe(`image/${format}`)
    await response.arrayBuffer()
  })

  it('is the same to its owner with the key', async () => {
    const response = await gateway.call(path, { key: user.key })
    expectImageHeaders(response)
    expect(await bodyOf(response)).toEqual(bytes)
  })

  it('answers HEAD as GET, without the bytes', async () => {
    // HEAD knows no ranges.
    for (const headers of [{}, { range: 'bytes=0-4' }] as Record<string, string>[]) {
      const response = await gateway.call(path, { method: 'HEAD', headers })
      expect(response.status).toBe(200)
      expect(response.headers.get('content-type')).toBe('image/webp')
      expect(response.headers.get('content-length')).toBe(String(bytes.length))
      expectImageHeaders(response)
      expect(await bodyOf(response)).toHaveLength(0)
    }
  })

  it('lets pages of other origins read it', async () => {
    const asked = { origin: 'https://app.example.org', 'access-control-request-method': 'GET' }
    const preflight = await gateway.call(path, { method: 'OPTIONS', headers: asked })
    expect(preflight.status).toBe(204)
    expect(preflight.headers.get('access-control-allow-origin')).toBe('*')
    const response = await gateway.call(path, { headers: { origin: 'https://app.example.org' } })
    expect(response.headers.get('access-control-expose-headers')).toContain('etag')
    expect(await bodyOf(response)).toEqual(bytes)
  })
})

describe('a reader who has it already', () => {
  it.each([
    ['the tag', (tag: string) => tag],
    ['a weak one', (tag: string) => `W/${tag}`],
    ['several', (tag: string) => `"other", ${tag} , "more"`],
    ['any', () => '*']
  ])('learns that from %s', async (_name, header) => {
    for (const method of ['GET', 'HEAD']) {
      const response = await gateway.call(path, { method, headers: { 'if-none-match': header(etag) } })
      expect(response.status).toBe(304)
      expectImageHeaders(response)
      expect(await bodyOf(response)).toHaveLength(0)
    }
  })

  it('of another version gets the image', async () => {
    const response = await gateway.call(path, { headers: { 'if-none-match': '"other"' } })
    expect(response.status).toBe(200)
    expect(await bodyOf(response)).toEqual(bytes)
  })
})

describe('a range', () => {
  it.each([
    ['bytes=0-0', 0, 0],
    ['bytes=10-19', 10, 19],
    ['bytes=10-', 10, Infinity],
    ['bytes=-5', -5, Infinity],
    ['bytes=-99999999', 0, Infinity],
    ['bytes=0-99999999', 0, Infinity]
  ])('%s is sent alone', async (range, first, last) => {
    const response = await gateway.call(path, { headers: { range } })
    const start = first < 0 ? bytes.length + first : first
    const end = Math.min(last, bytes.length - 1)
    expect(response.status).toBe(206)
    expect(response.headers.get('content-range')).toBe(`bytes ${start}-${end}/${bytes.length}`)
    expect(response.headers.get('content-length')).toBe(String(end - start + 1))
    expect(response.headers.get('content-type')).toBe('image/webp')
    expectImageHeaders(response)
    expect(await bodyOf(response)).toEqual(bytes.subarray(start, end + 1))
  })

  it.each(['bytes=0-1,3-4', 'bytes=5-2', 'bytes=-', 'bytes=x-y', 'bytes', 'items=0-4', ''])(
    '%j is none: the whole is sent',
    async (range) => {
      const response = await gateway.call(path, { headers: { range } })
      expect(response.status).toBe(200)
      expect(response.headers.get('content-range')).toBeNull()
      expect(await bodyOf(response)).toEqual(bytes)
    }
  )

  it('beyond the end cannot be had', async () => {
    for (const range of [`bytes=${bytes.length}-`, `bytes=${bytes.length}-${bytes.length + 5}`, 'bytes=-0']) {
      const response = await gateway.call(path, { headers: { range } })
      expect(response.status).toBe(416)
      expect(response.headers.get('content-range')).toBe(`bytes */${bytes.length}`)
      expectNotCacheable(response)
      expect((await readError(response)).code).toBe('invalid_request')
    }
  })

  it('is of the version the reader has, or else the whole is sent', async () => {
    const rangeIf = (ifRange: string) => gateway.call(path, { headers: { range: 'bytes=0-4', 'if-range': ifRange } })
    const same = await rangeIf(etag)
    expect(same.status).toBe(206)
    expect(await bodyOf(same)).toEqual(bytes.subarray(0, 5))
    // A weak tag is no proof of identical bytes.
    for (const other of ['"other"', `W/${etag}`, 'Mon, 01 Jan 2001 00:00:00 GMT']) {
      const response = await rangeIf(other)
      expect(response.status).toBe(200)
      expect(await bodyOf(response)).toEqual(bytes)
    }
  })
})

describe('an image that cannot be had', () => {
  it.each(['ast_0000000000000000000000000', 'nothing', '..', '%2e%2e%2fgateway.lock'])(
    'because %s is no image',
    async (id) => {
      for (const spelling of [`/api/inference/assets/${id}`, `/api/inference/assets/${id}/`]) {
        const response = await gateway.call(spelling)
        expect(response.status).toBe(404)
        expectNotCacheable(response)
        expect(await readError(response)).toMatchObject({ code: 'not_found', param: null })
      }
    }
  )

  it('because it is an input, which is not for strangers', async () => {
    const { db } = gateway.database
    const id = path.split('/').at(-2) ?? ''
    const row = await db.selectFrom('assets').selectAll().where('id', '=', id).executeTakeFirstOrThrow()
    for (const kind of ['input', 'mask'] as const) {
      const copy = { ...row, id: `ast_${kind}`, kind, position: 0, storage_key: `images/${kind}` }
      await db.insertInto('assets').values(copy).execute()
      const response = await gateway.call(`/api/inference/assets/ast_${kind}/`)
      expect(response.status).toBe(404)
      expect((await readError(response)).code).toBe('not_found')
    }
  })

  it('because its bytes are gone', async () => {
    const answer = await generate(user.client)
    const id = answer.data[0]!.asset_id
    const { storage_key: key } = await gateway.database.db
      .selectFrom('assets')
      .select('storage_key')
      .where('id', '=', id)
      .executeTakeFirstOrThrow()
    await rm(join(gateway.dataDir, 'objects', key))
    for (const headers of [{}, { range: 'bytes=0-4' }] as Record<string, string>[]) {
      const response = await gateway.call(pathOf(answer), { headers })
      expect(response.status).toBe(503)
      expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0)
      expect(response.headers.get('content-range')).toBeNull()
      expectNotCacheable(response)
      expect(await readError(response)).toMatchObject({ code: 'storage_unavailable', param: null })
    }
  })
})
