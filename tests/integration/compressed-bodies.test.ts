import { promisify } from 'node:util'
import { brotliCompress, constants, deflate, gzip, zstdCompress } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type ImagesAnswer, SMALL } from '../support/image-calls.ts'
import { multipart } from '../support/multipart.ts'
import { plainPng } from '../support/pictures.ts'
import { startRawRequest } from '../support/raw-request.ts'
import { readError } from '../support/read-error.ts'
import { startTestGateway, type TestGateway, type TestUser } from '../support/test-gateway.ts'

const MAX_BODY_BYTES = 64 * 1024
const BOMB_BYTES = 8 * 1024 * 1024
const MAX_EDIT_BODY_BYTES = 128 * 1024
const ENCODERS = {
  gzip: promisify<Buffer, Buffer>(gzip),
  deflate: promisify<Buffer, Buffer>(deflate),
  br: (bytes: Buffer) => promisify(brotliCompress)(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } }),
  zstd: promisify<Buffer, Buffer>(zstdCompress)
}
const CODINGS = Object.keys(ENCODERS) as (keyof typeof ENCODERS)[]

let gateway: TestGateway
let user: TestUser
let image: Buffer
beforeAll(async () => {
  gateway = await startTestGateway({
    env: {
      INFERENCE_CLUB_LIMITS_MAX_BODY_BYTES: String(MAX_BODY_BYTES),
      INFERENCE_CLUB_LIMITS_MAX_EDIT_BODY_BYTES: String(MAX_EDIT_BODY_BYTES),
      INFERENCE_CLUB_LIMITS_MAX_UPLOAD_BYTES: '4096'
    }
  })
  user = await gateway.addUser()
  await gateway.addAgent({ key: user.key, services: [{ concurrency: 2 }] })
  image = await plainPng({ width: 48, height: 32 }, [200, 30, 30])
})
afterAll(() => gateway.close())

const send = (path: string, body: Buffer, headers: Record<string, string>) =>
  gateway.call(path, { method: 'POST', key: user.key, body: new Uint8Array(body), headers })

const JSON_TYPE = { 'content-type': 'application/json' }
/** A generation of so many bytes; extra fields have a limit of their own, spaces between the fields have none. */
const generation = (bytes: number): Buffer => Buffer.from(JSON.stringify(SMALL).padEnd(bytes))

async function expectImage(response: Response): Promise<void> {
  const text = await response.text()
  expect(response.status, text).toBe(200)
  expect((JSON.parse(text) as ImagesAnswer).data).toHaveLength(1)
}

describe.each(CODINGS)('a body in %s', (coding) => {
  const encode = ENCODERS[coding]
  const header = { 'content-encoding': coding }

  it('of JSON is read up to the limit of what it inflates to, and not a byte further', async () => {
    const call = async (bytes: number) =>
      send('/v1/images/generations', await encode(generation(bytes)), { ...JSON_TYPE, ...header })
    await expectImage(await call(MAX_BODY_BYTES / 2))
    await expectImage(await call(MAX_BODY_BYTES))
    const over = await call(MAX_BODY_BYTES + 1)
    expect(over.status).toBe(413)
    expect((await readError(over)).message).toContain(String(MAX_BODY_BYTES))
  })

  it('of JSON with images is read', async () => {
    const url = `data:image/png;base64,${image.toString('base64')}`
    const json = Buffer.from(JSON.stringify({ ...SMALL, images: [{ image_url: url }] }))
    await expectImage(await send('/v1/images/edits', await encode(json), { ...JSON_TYPE, ...header }))
  })

  it('of a form is read', async () => {
    const { body, contentType } = multipart([
      { name: 'model', body: 'demo' },
      { name: 'prompt', body: 'grün' },
      { name: 'image', body: image, filename: 'a.png' }
    ])
    await expectImage(await send('/v1/images/edits', await encode(body), { 'content-type': contentType, ...header }))
  })

  it('that is none is refused', async () => {
    for (const body of [Buffer.from(JSON.stringify(SMALL)), (await encode(generation(2000))).subarray(0, -9)]) {
      const response = await send('/v1/images/generations', body, { ...JSON_TYPE, ...header })
      expect(response.status).toBe(400)
      expect(await readError(response)).toMatchObject({ code: 'invalid_request' })
    }
  })
})

it('a body of JSON without an encoding is read up to the limit, and not a byte further', async () => {
  const call = (bytes: number) => send('/v1/images/generations', generation(bytes), JSON_TYPE)
  await expectImage(await call(MAX_BODY_BYTES))
  const over = await call(MAX_BODY_BYTES + 1)
  expect(over.status).toBe(413)
  expect(await readError(over)).toMatchObject({ code: 'request_too_large' })
})

describe('a bomb', () => {
  it.each(CODINGS)('in %s is not inflated beyond the limit', async (coding) => {
    const bomb = await ENCODERS[coding](Buffer.alloc(BOMB_BYTES, ' '))
    for (const path of ['/v1/images/generations', '/v1/images/edits', '/v1/batches']) {
      const response = await send(path, bomb, { ...JSON_TYPE, 'content-encoding': coding })
      expect(response.status, path).toBe(413)
      expect(await readError(response)).toMatchObject({ code: 'request_too_large' })
    }
    const form = await ENCODERS[coding](
      Buffer.concat([multipart([{ name: 'prompt', body: 'x' }], { final: false }).body, Buffer.alloc(BOMB_BYTES)])
    )
    const { contentType } = multipart([])
    const response = await send('/v1/images/edits', form, { 'content-type': contentType, 'content-encoding': coding })
    expect(response.status).toBe(413)
  })
})

it.each(['compress', 'gzip, gzip', 'x'.repeat(500)])('the encoding %s is refused in words', async (coding) => {
  const response = await send('/v1/images/generations', Buffer.from('{}'), { ...JSON_TYPE, 'content-encoding': coding })
  expect(response.status).toBe(415)
  expect(response.headers.get('accept-encoding')).toBe('gzip, deflate, br, zstd')
  expect((await readError(response)).message).toContain('content-encoding')
})

it('the encoding identity is none', async () => {
  const body = Buffer.from(JSON.stringify(SMALL))
  await expectImage(await send('/v1/images/generations', body, { ...JSON_TYPE, 'content-encoding': 'identity' }))
})

it('a sender that leaves in the middle leaves nothing behind', async () => {
  const { request, answer } = startRawRequest(`${gateway.url}/v1/images/generations`, {
    authorization: `Bearer ${user.key}`,
    ...JSON_TYPE,
    'content-encoding': 'gzip'
  })
  request.write((await ENCODERS.gzip(generation(5000))).subarray(0, 20))
  request.destroy()
  await expect(answer).rejects.toThrow()
  await expectImage(await send('/v1/images/generations', Buffer.from(JSON.stringify(SMALL)), JSON_TYPE))
})
