import { createHash } from 'node:crypto'
import { sql } from 'kysely'
import { toFile } from 'openai'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { isImageKeptAt } from '../../src/db/kept-at.ts'
import { inspectSource } from '../../src/images/decode-image.ts'
import { markSourceType } from '../../src/images/metadata/mark-source-type.ts'
import { picture } from '../support/agent-work.ts'
import { fetchImage, generate } from '../support/image-calls.ts'
import { storedFiles } from '../support/stored-files.ts'
import { pngChunk } from '../support/test-images.ts'
import { startTestGateway, type TestGateway, type TestUser } from '../support/test-gateway.ts'

const FORMATS = ['png', 'jpeg', 'webp'] as const

let gateway: TestGateway
let user: TestUser

beforeAll(async () => {
  gateway = await startDemo()
  user = await gateway.addUser()
  await demoAgent(gateway, user)
})
afterAll(() => gateway.close())

const startDemo = (env: Record<string, string> = {}) =>
  startTestGateway({ env: { INFERENCE_CLUB_MARK_IMAGES: 'xmp,c2pa', ...env } })

const demoAgent = (at: TestGateway, { key }: TestUser) =>
  at.addAgent({
    key,
    services: [
      { name: 'demo', engine: 'demo', models: [{ id: 'demo', servedAs: 'demo', features: ['generate', 'edit'] }] }
    ]
  })

/** An image that was made there, and the id of its request. */
async function make(by: TestUser, fields: Record<string, unknown> = {}) {
  const { data, request_id: id, warnings } = await generate(by.client, fields)
  expect(warnings).toBeUndefined()
  return { id, bytes: (await fetchImage(data[0]!.url)).bytes }
}

const ask = async (image: Buffer, { at = gateway, key = user.key as string | null } = {}) => {
  const headers = { 'content-type': 'application/octet-stream' }
  const response = await at.call('/api/provenance', {
    method: 'POST',
    body: image,
    headers,
    ...(key !== null && { key })
  })
  return { status: response.status, body: (await response.json()) as Record<string, unknown> }
}
const HERE = (...by: string[]) => ({ status: 200, body: { made_here: true, by } })
const NOT_HERE = { status: 200, body: { made_here: false, by: [] } }

describe('whether a picture was made here', () => {
  it.each(FORMATS)(
    'is known of a %s by its hash and its mark, and by the mark alone when it is gone',
    async (format) => {
      const { id, bytes } = await make(user, { output_format: format })
      const before = await storedFiles(gateway.dataDir)
      expect(await ask(bytes)).toEqual(HERE('hash', 'mark'))
      expect(await storedFiles(gateway.dataDir)).toEqual(before)
      const sha256 = createHash('sha256').update(bytes).digest('hex')
      const byHash = async (hash: string) =>
        (await gateway.call(`/api/provenance?sha256=${hash}`, { key: user.key })).json()
      expect(await byHash(sha256)).toEqual(HERE('hash').body)
      expect(await byHash(sha256.toUpperCase())).toEqual(HERE('hash').body)
      expect((await gateway.call(`/v1/jobs/${id}`, { method: 'DELETE', key: user.key })).ok).toBe(true)
      expect(await byHash(sha256)).toEqual(NOT_HERE.body)
      expect(await ask(bytes)).toEqual(HERE('mark'))
    }
  )

  it('is not believed of what only says so', async () => {
    const { bytes } = await make(user)
    // Another picture that names the source type, and one with the manifest of ours.
    const other = await picture()
    const named = markSourceType(other, await inspectSource(other, 1e6), { isComposite: false, isSignedNext: false })
    expect(await ask(named)).toEqual(NOT_HERE)
    const at = bytes.indexOf('caBX') - 4
    const manifest = bytes.subarray(at, at + 12 + bytes.readUInt32BE(at))
    expect(await ask(Buffer.concat([other.subarray(0, 33), manifest, other.subarray(33)]))).toEqual(NOT_HERE)
    // The same pixels without the mark, and with something else beside them.
    expect(await ask(await sharp(bytes).png().toBuffer())).toEqual(NOT_HERE)
    const more = pngChunk('tEXt', Buffer.from('a\0b'))
    expect(await ask(Buffer.concat([bytes.subarray(0, -12), more, bytes.subarray(-12)]))).toEqual(NOT_HERE)
    expect(await ask(await picture())).toEqual(NOT_HERE)
  })

  it('is not believed of what another club has signed', async () => {
    const elsewhere = await startDemo()
    try {
      const stranger = await elsewhere.addUser()
      await demoAgent(elsewhere, stranger)
      const { bytes } = await make(stranger)
      expect(await ask(bytes, { at: elsewhere, key: stranger.key })).toEqual(HERE('hash', 'mark'))
      expect(await ask(bytes)).toEqual(NOT_HERE)
    } finally {
      await elsewhere.close()
    }
  })

  it('is told of secret ones to whoever has the file, and of source images to nobody', async () => {
    const { bytes } = await make(user, { visibility: 'SECRET' })
    const other = await gateway.addUser()
    expect(await ask(bytes, { key: other.key })).toEqual(HERE('hash', 'mark'))
    const source = await picture()
    const image = await toFile(source, 'a.png', { type: 'image/png' })
    await user.client.images.edit({ model: 'demo', image, prompt: 'a hat', async: true } as never)
    expect(await ask(source)).toEqual(NOT_HERE)
  })

  it('is told to members alone, unless the operator lets everybody ask', async () => {
    const image = await picture()
    expect(await ask(image, { key: null })).toMatchObject({ status: 401 })
    expect((await gateway.call(`/api/provenance?sha256=${'0'.repeat(64)}`)).status).toBe(401)
    const { cookie } = await gateway.addPerson()
    expect((await gateway.call(`/api/provenance?sha256=${'0'.repeat(64)}`, { headers: { cookie } })).status).toBe(200)

    const open = await startDemo({ INFERENCE_CLUB_PUBLIC_PROVENANCE: '1', INFERENCE_CLUB_TRUST_PROXY: '127.0.0.1' })
    try {
      expect(await ask(image, { at: open, key: null })).toEqual(NOT_HERE)
      // Of one network of IPv6, all of whose addresses somebody has at once.
      const calls = Array.from({ length: 31 }, (_, index) =>
        open.call(`/api/provenance?sha256=${'0'.repeat(64)}`, { headers: { 'x-forwarded-for': `2001:db8::${index}` } })
      )
      const answers = await Promise.all(calls)
      const statuses = answers.map(({ status }) => status)
      expect(statuses.filter((status) => status === 200)).toHaveLength(30)
      expect(statuses.filter((status) => status === 429)).toHaveLength(1)
      // Whoever has no key is told of none.
      const refused = await answers.find(({ status }) => status === 429)?.json()
      expect(refused).toMatchObject({ error: { message: expect.stringMatching(/^You may make 30 /) as unknown } })
      expect(await ask(image, { at: open, key: 'ic_wrong' })).toMatchObject({ status: 401 })
    } finally {
      await open.close()
    }
  })

  it.each(['', 'x', '0'.repeat(63), '0'.repeat(65), `${'0'.repeat(63)}g`])(
    'needs a hash, which %o is not',
    async (hash) => {
      const response = await gateway.call(`/api/provenance?sha256=${hash}`, { key: user.key })
      expect(response.status).toBe(400)
      expect(await response.json()).toMatchObject({ error: { param: 'sha256' } })
    }
  )

  it('needs an image within the limits of uploads, and leaves nothing stored without one', async () => {
    const before = await storedFiles(gateway.dataDir)
    expect(await ask(Buffer.from('no image'))).toMatchObject({
      status: 400,
      body: { error: { code: 'invalid_image' } }
    })
    expect(await ask(Buffer.alloc(0))).toMatchObject({ status: 400 })
    const small = await startDemo({ INFERENCE_CLUB_LIMITS_MAX_UPLOAD_BYTES: '2KiB' })
    try {
      const { key } = await small.addUser()
      const noise = await sharp({
        create: {
          width: 64,
          height: 64,
          channels: 3,
          background: 'red',
          noise: { type: 'gaussian', mean: 128, sigma: 40 }
        }
      })
        .png()
        .toBuffer()
      expect(await ask(noise, { at: small, key })).toMatchObject({ status: 413 })
      const { limits } = small.gateway.context.config
      limits.maxUploadBytes = noise.length - 1
      expect(await ask(noise, { at: small, key })).toMatchObject({ status: 413 })
      limits.maxUploadBytes = noise.length
      expect(await ask(noise, { at: small, key })).toEqual(NOT_HERE)
    } finally {
      await small.close()
    }
    expect(await storedFiles(gateway.dataDir)).toEqual(before)
  })

  it('is sent as it is, of which a form is told', async () => {
    const body = new FormData()
    body.set('image', new Blob([await picture()], { type: 'image/png' }), 'a.png')
    const response = await gateway.call('/api/provenance', { method: 'POST', key: user.key, body })
    expect(response.status).toBe(415)
    expect(await response.json()).toMatchObject({
      error: { code: 'unsupported_media_type', message: expect.stringContaining('--data-binary @') as unknown }
    })
    const headers = { 'content-type': 'application/x-www-form-urlencoded' }
    const byCurl = await gateway.call('/api/provenance', {
      method: 'POST',
      key: user.key,
      body: await picture(),
      headers
    })
    expect(byCurl.status).toBe(200)
  })

  it('is asked by the index of hashes', async () => {
    const plan = await sql<{ detail: string }>`explain query plan
      select assets.id from assets inner join requests on requests.id = assets.request_id
      where assets.sha256 = ${'x'} and assets.kind = ${'output'}
        and (${isImageKeptAt(0)}) limit 1`.execute(gateway.database.db)
    expect(plan.rows.map(({ detail }) => detail)).toEqual([
      expect.stringContaining('USING INDEX assets_by_hash'),
      expect.stringMatching(/SEARCH requests .*\(id=\?\)/)
    ])
  })
})
