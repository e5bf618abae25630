import { createHash } from 'node:crypto'
import { readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ORPHAN_AGE_MS } from '../../src/assets/list-portions.ts'
import { sweepOrphans } from '../../src/assets/sweep-orphans.ts'
import type { Size } from '../../src/images/image-request.ts'
import { animatedWebp, idat, ihdr, pngOf } from '../support/test-images.ts'
import { generate, type ImagesAnswer } from '../support/image-calls.ts'
import { jobCalls } from '../support/job-calls.ts'
import { decode, leftHalfTransparent } from '../support/pictures.ts'
import { readError } from '../support/read-error.ts'
import { storedFiles } from '../support/stored-files.ts'
import { startTestGateway, type TestGateway, type TestUser } from '../support/test-gateway.ts'

const CACHED = 'public, max-age=31536000, immutable'
const SIZE = { width: 200, height: 150 }

let gateway: TestGateway
let user: TestUser
/** A picture of `SIZE`. */
let picture: Picture

interface Picture {
  id: string
  requestId: string
  /** `/api/inference/assets/<id>/` */
  path: string
  sha256: string
  /** As it was made. */
  bytes: Buffer
}

const pathOf = (id: string): string => `/api/inference/assets/${id}/`
const bodyOf = async (response: Response): Promise<Buffer> => Buffer.from(await response.arrayBuffer())

async function paint({ width, height }: Size, fields: Record<string, unknown> = {}): Promise<Picture> {
  const answer: ImagesAnswer = await generate(user.client, {
    size: `${width}x${height}`,
    response_format: 'b64_json',
    ...fields
  })
  const [{ asset_id: id, b64_json = '' }] = answer.data as [ImagesAnswer['data'][number]]
  const bytes = Buffer.from(b64_json, 'base64')
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  return { id, requestId: answer.request_id, path: pathOf(id), sha256, bytes }
}

/** Sends images as the inputs of an edit; gives their ids and that of the request, which has ended. */
async function upload(files: Record<string, Buffer>, owner: TestUser = user) {
  const jobs = jobCalls(gateway, owner)
  const fields = { model: 'demo', prompt: 'a fox', size: '32x32', steps: '1' }
  const requestId = await jobs.submitForm({ route: 'edits', fields, files })
  const { inputs } = await jobs.ended(requestId)
  return { requestId, ids: inputs.map((input) => input.asset_id), path: pathOf(inputs[0]?.asset_id ?? '') }
}

/** Decoded completely. */
async function imageAt(path: string, key?: string) {
  const response = await gateway.call(path, key === undefined ? {} : { key })
  expect(response.status).toBe(200)
  const bytes = await bodyOf(response)
  const { format } = await sharp(bytes).metadata()
  const { info } = await sharp(bytes).raw().toBuffer({ resolveWithObject: true })
  expect(response.headers.get('content-type')).toBe(`image/${format}`)
  return { bytes, format, width: info.width, height: info.height, response }
}

/** Names of an image's files below `thumbnails`, without its id. */
const thumbnailsOf = async (id: string): Promise<string[]> =>
  (await storedFiles(gateway.dataDir))
    .filter((path) => path.startsWith('objects/thumbnails/') && path.includes(id))
    .map((path) => path.slice(path.indexOf(id) + id.length + 1))

const originalFile = (id: string) => join(gateway.dataDir, 'objects', 'images', id.slice(4, 5), id)
const thumbnailFile = (id: string, name: string) =>
  join(gateway.dataDir, 'objects', 'thumbnails', id.slice(4, 5), `${id}.${name}`)

beforeAll(async () => {
  gateway = await startTestGateway()
  user = await gateway.addUser()
  await gateway.addAgent({ key: user.key, services: [{ concurrency: 2 }] })
  picture = await paint(SIZE)
})

afterAll(() => gateway.close())

describe('a width', () => {
  it.each([
    [16, 64, 48],
    [64, 64, 48],
    [65, 128, 96],
    [128, 128, 96],
    // The next step would be wider than the image.
    [129, 200, 150],
    [200, 200, 150],
    [201, 200, 150],
    [2048, 200, 150]
  ])('of %i makes %i × %i of 200 × 150', async (width, actual, height) => {
    expect(await imageAt(`${picture.path}?width=${width}`)).toMatchObject({ format: 'webp', width: actual, height })
  })

  it.each(['15', '2049', '0', '-64', '64.5', '1e2', '064', 'large', '', '64&width=64', '64&width=128'])(
    'of %j is refused',
    async (width) => {
      const response = await gateway.call(`${picture.path}?width=${width}`)
      expect(response.status).toBe(400)
      expect(response.headers.get('etag')).toBeNull()
      expect(response.headers.get('cache-control') ?? 'no-store').toContain('no-store')
      expect(await readError(response)).toMatchObject({ code: 'invalid_request', param: 'width' })
    }
  )

  it('goes up to 2048', async () => {
    const { path } = await paint({ width: 2100, height: 64 }, { steps: 1 })
    expect(await imageAt(`${path}?width=1025`)).toMatchObject({ width: 2048, height: 62 })
  })

  it('never enlarges, and is one file for all widths that are too large', async () => {
    const { path, id } = await paint({ width: 48, height: 32 })
    const bytes = []
    for (const width of [49, 64, 100, 2048]) {
      const image = await imageAt(`${path}?width=${width}`)
      expect(image).toMatchObject({ width: 48, height: 32 })
      bytes.push(image.bytes)
    }
    expect(new Set(bytes.map((one) => one.toString('base64'))).size).toBe(1)
    expect(await thumbnailsOf(id)).toEqual(['full.webp'])
  })
})

describe('a format', () => {
  it.each(['png', 'jpeg', 'webp'])('%s comes in every width', async (format) => {
    expect(await imageAt(`${picture.path}?format=${format}&width=100`)).toMatchObject({ format, width: 128 })
    expect(await imageAt(`${picture.path}?format=${format}`)).toMatchObject({ format, ...SIZE })
  })

  it.each(['', 'jpg', 'PNG', 'gif', 'image/png', 'png&format=png'])('%j is refused', async (format) => {
    const response = await gateway.call(`${picture.path}?format=${format}&width=64`)
    expect(response.status).toBe(400)
    expect(await readError(response)).toMatchObject({ code: 'invalid_request', param: 'format' })
  })

  it('that the image has already is the image itself, when that is all', async () => {
    const { path, id, bytes, sha256 } = await paint({ width: 48, height: 32 })
    const { response, ...image } = await imageAt(`${path}?format=png`)
    expect(image.bytes).toEqual(bytes)
    expect(response.headers.get('etag')).toBe(`"${sha256}"`)
    expect(await thumbnailsOf(id)).toEqual([])
  })

  it('without transparency puts it on white', async () => {
    const { path } = await upload({ image: await leftHalfTransparent(SIZE, [200, 0, 0]) })
    for (const query of ['?format=jpeg', '?format=jpeg&width=64']) {
      const { bytes, width } = await imageAt(path + query, user.key)
      const image = await decode(bytes)
      expect(image.at(2, 2)).toEqual([255, 255, 255])
      expect(image.at(width - 3, 2)[0]).toBeGreaterThan(180)
      expect(image.at(width - 3, 2)[1]).toBeLessThan(30)
    }
    const { bytes } = await imageAt(`${path}?width=64`, user.key)
    expect((await sharp(bytes).metadata()).hasAlpha).toBe(true)
  })

  it('comes upright and without EXIF', async () => {
    const top = { create: { width: 200, height: 50, channels: 3 as const, background: 'blue' } }
    const image = await sharp({ create: { width: 200, height: 100, channels: 3, background: 'red' } })
      .composite([{ input: await sharp(top).png().toBuffer(), top: 0, left: 0 }])
      .withMetadata({ orientation: 6 })
      .jpeg()
      .toBuffer()
    const { path } = await upload({ image })
    const { bytes, ...size } = await imageAt(`${path}?width=64&format=png`, user.key)
    expect(size).toMatchObject({ width: 64, height: 128 })
    const { exif, orientation } = await sharp(bytes).metadata()
    expect([exif, orientation]).toEqual([undefined, undefined])
    const { at } = await decode(bytes)
    expect(at(10, 10)[0]).toBeGreaterThan(200)
    expect(at(54, 10)[2]).toBeGreaterThan(200)
  })
})

describe('a thumbnail', () => {
  it('has the headers of an image, and an ETag of its own', async () => {
    const seen = new Set([`"${picture.sha256}"`])
    for (const [query, name] of [
      ['?width=60', '64-webp'],
      ['?width=60&format=png', '64-png'],
      ['?width=100', '128-webp'],
      ['?format=webp', 'full-webp']
    ]) {
      const { headers } = await gateway.call(picture.path + query, { method: 'HEAD' })
      expect(headers.get('etag')).toBe(`"${picture.sha256}-${name}"`)
      expect(headers.get('cache-control')).toBe(CACHED)
      expect(headers.get('accept-ranges')).toBe('bytes')
      expect(headers.get('x-content-type-options')).toBe('nosniff')
      expect(headers.get('content-security-policy')).toBe("default-src 'none'; sandbox")
      expect(headers.get('cross-origin-resource-policy')).toBe('cross-origin')
      expect(headers.get('access-control-allow-origin')).toBe('*')
      expect(headers.get('content-disposition')).toMatch(/^inline; filename="ast_[a-z0-9]{25}\.(webp|png)"$/)
      seen.add(headers.get('etag') ?? '')
    }
    expect(seen.size).toBe(5)
  })

  it('is told by HEAD before it was ever made', async () => {
    const { path } = await paint(SIZE)
    const head = await gateway.call(`${path}?width=64`, { method: 'HEAD' })
    expect(head.status).toBe(200)
    expect(await bodyOf(head)).toHaveLength(0)
    const { bytes } = await imageAt(`${path}?width=64`)
    expect(head.headers.get('content-type')).toBe('image/webp')
    expect(head.headers.get('content-length')).toBe(String(bytes.length))
  })

  it('is not made for a reader who has it', async () => {
    const { path, id, sha256 } = await paint(SIZE)
    for (const method of ['GET', 'HEAD']) {
      const headers = { 'if-none-match': `"${sha256}-64-webp"` }
      const response = await gateway.call(`${path}?width=50`, { method, headers })
      expect(response.status).toBe(304)
      expect(response.headers.get('cache-control')).toBe(CACHED)
      expect(await bodyOf(response)).toHaveLength(0)
    }
    expect(await thumbnailsOf(id)).toEqual([])
    // To have the image is not to have its thumbnail.
    const response = await gateway.call(`${path}?width=50`, { headers: { 'if-none-match': `"${sha256}"` } })
    expect(response.status).toBe(200)
    await response.arrayBuffer()
  })

  it('can be had in part', async () => {
    const path = `${picture.path}?width=64`
    const { bytes, response: whole } = await imageAt(path)
    const etag = whole.headers.get('etag') ?? ''
    const part = await gateway.call(path, { headers: { range: 'bytes=10-19', 'if-range': etag } })
    expect(part.status).toBe(206)
    expect(part.headers.get('content-range')).toBe(`bytes 10-19/${bytes.length}`)
    expect(await bodyOf(part)).toEqual(bytes.subarray(10, 20))

    const outside = await gateway.call(path, { headers: { range: `bytes=${bytes.length}-` } })
    expect(outside.status).toBe(416)
    expect(outside.headers.get('content-range')).toBe(`bytes */${bytes.length}`)
    expect((await readError(outside)).code).toBe('invalid_request')

    const other = { range: 'bytes=10-19', 'if-range': `"${picture.sha256}"` }
    expect(await bodyOf(await gateway.call(path, { headers: other }))).toEqual(bytes)
  })

  it('is made once and then read from the store', async () => {
    const { path, id } = await paint(SIZE)
    const { bytes } = await imageAt(`${path}?width=64`)
    const { mtimeMs, ino } = await stat(thumbnailFile(id, '64.webp'))
    expect(await readFile(thumbnailFile(id, '64.webp'))).toEqual(bytes)
    await rm(originalFile(id))
    expect((await imageAt(`${path}?width=64`)).bytes).toEqual(bytes)
    expect(await stat(thumbnailFile(id, '64.webp'))).toMatchObject({ mtimeMs, ino })

    // What is not there must be made, and cannot be.
    const other = await gateway.call(`${path}?width=128`)
    expect(other.status).toBe(503)
    expect(other.headers.get('etag')).toBeNull()
    expect((await readError(other)).code).toBe('storage_unavailable')
  })

  it('that has vanished is made again', async () => {
    const { path, id } = await paint(SIZE)
    const { bytes } = await imageAt(`${path}?width=64`)
    await rm(thumbnailFile(id, '64.webp'))
    expect((await imageAt(`${path}?width=64`)).bytes).toEqual(bytes)
    expect(await thumbnailsOf(id)).toEqual(['64.webp'])
  })

  it('is one file with the same bytes for 40 who ask at once', async () => {
    const { path, id } = await paint({ width: 1024, height: 1024 }, { steps: 1 })
    const all = await Promise.all(
      Array.from({ length: 40 }, async (_, index) => {
        const response = await gateway.call(`${path}?width=${200 + index}`)
        expect(response.status).toBe(200)
        return bodyOf(response)
      })
    )
    expect(new Set(all.map((bytes) => bytes.toString('base64'))).size).toBe(1)
    expect(await sharp(all[0]).metadata()).toMatchObject({ width: 256, height: 256 })
    expect(await thumbnailsOf(id)).toEqual(['256.webp'])
  })
})

describe('a thumbnail of an input', () => {
  it('is for its owner and the admins alone, and is kept by no cache', async () => {
    const owner = await gateway.addUser()
    const [stranger, admin] = [await gateway.addUser(), await gateway.addUser({ role: 'admin' })]
    const { path, ids } = await upload(
      { image: await leftHalfTransparent(SIZE), mask: await leftHalfTransparent(SIZE) },
      owner
    )
    for (const reader of [owner, admin]) {
      const { response, width } = await imageAt(`${path}?width=64`, reader.key)
      expect(width).toBe(64)
      expect(response.headers.get('cache-control')).toBe('private, no-store')
    }
    // Though they are made by now.
    for (const id of ids) {
      for (const key of [undefined, stranger.key]) {
        const headers: Record<string, string> = key === undefined ? {} : { authorization: `Bearer ${key}` }
        const response = await gateway.call(`${pathOf(id)}?width=64`, { headers })
        expect(response.status).toBe(404)
        expect((await readError(response)).code).toBe('not_found')
        const known = { ...headers, 'if-none-match': '*' }
        expect((await gateway.call(`${pathOf(id)}?width=64`, { headers: known })).status).toBe(404)
      }
    }
    expect(await thumbnailsOf(ids[1] ?? '')).toEqual([])
  })
})

describe('an image that cannot be decoded', () => {
  it.each([
    ['no image', async () => Buffer.from('what a disk may give')],
    ['half of one', async () => picture.bytes.subarray(0, picture.bytes.length / 2)],
    ['animated', animatedWebp],
    ['far larger than it was', async () => pngOf(ihdr({ width: 60_000, height: 60_000 }), idat())]
  ])('because it is %s, has no thumbnail', async (_what, bytes) => {
    const { path, id } = await paint(SIZE)
    const damaged = await bytes()
    await writeFile(originalFile(id), damaged)
    // As if it had always been as large: one of another size is not read at all.
    await gateway.database.db.updateTable('assets').set({ bytes: damaged.length }).where('id', '=', id).execute()
    const response = await gateway.call(`${path}?width=64`)
    expect(response.status).toBe(400)
    expect(response.headers.get('cache-control') ?? 'no-store').toContain('no-store')
    expect(response.headers.get('etag')).toBeNull()
    const error = await readError(response)
    expect(error).toMatchObject({ code: 'invalid_image', param: null })
    expect(error.message).not.toMatch(/vips|sharp|objects|png|\/|60000/i)
    expect(await thumbnailsOf(id)).toEqual([])
  })
})

describe('what is deleted', () => {
  it('goes with its thumbnails, and theirs alone', async () => {
    const { requestId, ids, path } = await upload({ image: await leftHalfTransparent(SIZE) })
    const other = await paint(SIZE)
    for (const query of ['?width=64', '?width=128&format=png', '?format=jpeg', '?format=webp']) {
      await imageAt(path + query, user.key)
    }
    await imageAt(`${other.path}?width=64`)
    expect(await thumbnailsOf(ids[0] ?? '')).toEqual(['128.png', '64.webp', 'full.jpeg', 'full.webp'])

    expect((await jobCalls(gateway, user).remove(requestId)).status).toBe(200)
    expect(await thumbnailsOf(ids[0] ?? '')).toEqual([])
    expect((await gateway.call(`${path}?width=64`, { key: user.key })).status).toBe(404)
    expect(await thumbnailsOf(other.id)).toEqual(['64.webp'])
  })

  it('while thumbnails of it are made leaves none behind', async () => {
    const { path, id, requestId } = await paint({ width: 512, height: 512 }, { steps: 1 })
    const asking = [64, 128, 256, 512].map(async (width) => {
      const response = await gateway.call(`${path}?width=${width}`)
      await response.arrayBuffer()
      return response.status
    })
    expect((await jobCalls(gateway, user).remove(requestId)).status).toBe(200)
    for (const status of await Promise.all(asking)) expect([200, 404, 503]).toContain(status)
    expect(await thumbnailsOf(id)).toEqual([])
  })

  it('by a process that died over it is swept', async () => {
    const [gone, kept] = [await paint(SIZE), await paint(SIZE)]
    for (const { path } of [gone, kept]) await imageAt(`${path}?width=64`)
    const { store, assetStore, database } = gateway.gateway.context
    await database.db.deleteFrom('assets').where('id', '=', gone.id).execute()
    const clock = { now: () => Date.now() + ORPHAN_AGE_MS + 60_000 }
    await sweepOrphans({ store, assets: assetStore, clock, quarantineMs: 86_400_000 })
    expect(await thumbnailsOf(gone.id)).toEqual([])
    expect(await thumbnailsOf(kept.id)).toEqual(['64.webp'])
    expect((await imageAt(kept.path)).bytes).toEqual(kept.bytes)
  })
})
