import { createHash } from 'node:crypto'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type FakeOpenAIServer, startFakeOpenAIServer } from '../support/fake-openai-server.ts'
import { generate, getJob, type ImagesAnswer } from '../support/image-calls.ts'
import { type Colour, leftHalfTransparent, plainPng } from '../support/pictures.ts'
import { readError } from '../support/read-error.ts'
import { storedFiles } from '../support/stored-files.ts'
import { startTestGateway, type TestGateway, type TestUser } from '../support/test-gateway.ts'

const EDITS = '/v1/images/edits'
const SIZE = { width: 32, height: 24 }
const GREEN: Colour = [10, 200, 30]
const MAX_UPLOAD_BYTES = 200_000
const MAX_TEXT_BYTES = 64 * 1024

let gateway: TestGateway
let upstream: FakeOpenAIServer
let user: TestUser
let source: Buffer
let other: Buffer
let mask: Buffer

beforeAll(async () => {
  upstream = await startFakeOpenAIServer()
  gateway = await startTestGateway({
    env: {
      INFERENCE_CLUB_LIMITS_MAX_UPLOAD_BYTES: String(MAX_UPLOAD_BYTES),
      INFERENCE_CLUB_LIMITS_MAX_BODY_BYTES: String(MAX_TEXT_BYTES)
    }
  })
  user = await gateway.addUser()
  const features = ['edit', 'mask', 'multi_image', 'variation'] as const
  await gateway.addAgent({
    key: user.key,
    services: [
      { name: 'painter' },
      {
        name: 'proxied',
        engine: 'openai',
        url: upstream.url,
        extras: 'any',
        models: [{ id: 'editor', servedAs: 'editor', features: [...features] }]
      }
    ]
  })
  source = await plainPng(SIZE, GREEN)
  other = await plainPng({ width: 20, height: 20 }, [9, 9, 9])
  mask = await leftHalfTransparent(SIZE)
})

afterAll(async () => {
  await gateway.close()
  await upstream.close()
})

const dataUrl = (bytes: Buffer, type = 'image/png') => `data:${type};base64,${bytes.toString('base64')}`

let prompts = 0
const send = (body: unknown, { key, path }: { key: string; path: string } = { key: user.key, path: EDITS }) =>
  gateway.call(path, {
    method: 'POST',
    key,
    headers: { 'content-type': 'application/json' },
    body: typeof body === 'string' ? body : JSON.stringify(body)
  })

/** Makes an edit that must succeed; returns it with what the image server got. */
async function edit(fields: Record<string, unknown>, sender = user) {
  const prompt = `prompt ${++prompts}`
  const response = await send({ model: 'editor', prompt, ...fields }, { key: sender.key, path: EDITS })
  const answer = (await response.json()) as ImagesAnswer
  expect(answer).toMatchObject({ data: [{}] })
  const [call] = upstream.requests.filter(({ form }) => form?.fields.prompt === prompt)
  const files = call!.form!.files
  return {
    answer,
    fields: call!.form!.fields,
    images: files.filter(({ field }) => field !== 'mask').map(({ bytes }) => bytes),
    hasMask: files.some(({ field }) => field === 'mask')
  }
}

/** Sends what must be refused, and expects that nothing of it stays. */
async function refused(body: unknown) {
  const before = await storedFiles(gateway.dataDir)
  const response = await send(typeof body === 'string' ? body : { model: 'editor', prompt: 'x', ...(body as object) })
  const { code, param, message } = await readError(response)
  expect(await storedFiles(gateway.dataDir)).toEqual(before)
  return { status: response.status, code, param, message }
}

describe('data URLs', () => {
  it('are images and mask, in the order given', async () => {
    const sent = await edit({
      images: [{ image_url: dataUrl(source) }, { image_url: dataUrl(other) }],
      mask: { image_url: dataUrl(mask) }
    })
    expect(sent).toMatchObject({ images: [source, other], hasMask: true })
    const job = await getJob(user.client, sent.answer.request_id)
    expect(job).toMatchObject({ inputs: [{ bytes: source.length }, { bytes: other.length }, { kind: 'mask' }] })
  })

  it.each<[string, () => Record<string, unknown>]>([
    ['a text in a list', () => ({ images: [dataUrl(source)] })],
    ['one object', () => ({ image: { image_url: dataUrl(source) } })],
    ['one text', () => ({ image: dataUrl(source) })],
    ['base64 alone', () => ({ images: [{ image_url: source.toString('base64') }] })],
    ['a list named image', () => ({ image: [{ image_url: dataUrl(source) }] })],
    [
      'an object with a null beside it',
      () => ({ images: [{ image_url: dataUrl(source), file_id: null }], mask: null })
    ],
    [
      'an object, with a mask whose members are null',
      () => ({ images: [{ image_url: dataUrl(source) }], mask: { image_url: null, file_id: null } })
    ],
    ['another type than declared', () => ({ images: [dataUrl(source, 'image/jpeg')] })],
    ['a type with parameters', () => ({ images: [dataUrl(source, 'image/png;name=a.png')] })],
    ['no type', () => ({ images: [dataUrl(source, '')] })]
  ])('may be given as %s', async (_what, make) => {
    expect((await edit(make())).images).toEqual([source])
  })

  it('may be escaped, broken into lines and come before or after everything else', async () => {
    const base64 = source.toString('base64')
    const escaped = base64.replace(/\//g, '\\/').replace(/\+/g, '\\u002B').replace(/=/g, '\\u003d')
    const lines = base64.replace(/.{76}/g, '$&\\r\\n')
    for (const [index, data] of [escaped, lines].entries()) {
      const prompt = `escaped ${index}`
      const url = `"data:image\\/png;base64,${data}"`
      const fields = `"model":"editor","prompt":"${prompt}"`
      await send(index === 0 ? `{"images":[{"image_url":${url}}],${fields}}` : `{ ${fields} ,\n "image" :\t${url} }`)
      const [call] = upstream.requests.filter(({ form }) => form?.fields.prompt === prompt)
      expect(call!.form!.files.map(({ bytes }) => bytes)).toEqual([source])
    }
  })

  it('may be larger than what a body may hold beside its images', async () => {
    const noise = { type: 'gaussian' as const, mean: 128, sigma: 60 }
    const large = await sharp({ create: { width: 200, height: 200, channels: 3, background: 'red', noise } })
      .png()
      .toBuffer()
    expect(large.length).toBeGreaterThan(MAX_TEXT_BYTES)
    expect((await edit({ images: [dataUrl(large)] })).images).toEqual([large])
  })

  it('in unknown fields are passed on as they are', async () => {
    const url = dataUrl(other)
    expect((await edit({ images: [dataUrl(source)], control: url })).fields).toMatchObject({ control: url })
    expect((await edit({ images: [dataUrl(source)], note: 'data: a poster, of data;base64,' })).images).toEqual([
      source
    ])
  })

  it('are images of a variation as well', async () => {
    const response = await send(
      { model: 'editor', image: dataUrl(source) },
      { key: user.key, path: '/v1/images/variations' }
    )
    expect(response.status).toBe(200)
  })

  it('are refused like files', async () => {
    const large = await sharp(Buffer.alloc(300 * 300 * 3), { raw: { width: 300, height: 300, channels: 3 } })
      .png({ compressionLevel: 0 })
      .toBuffer()
    expect(await refused({ images: [dataUrl(source), dataUrl(large)] })).toMatchObject({
      status: 413,
      code: 'file_too_large',
      param: 'images[1]'
    })
    expect(await refused({ images: [dataUrl(source)], mask: dataUrl(Buffer.from('GIF89a')) })).toMatchObject({
      status: 415,
      param: 'mask'
    })
    const invalid = { status: 400, code: 'invalid_image', param: 'image' }
    expect(await refused({ image: dataUrl(source.subarray(0, -3)) })).toMatchObject(invalid)
    expect(await refused({ image: dataUrl(Buffer.alloc(0)) })).toMatchObject(invalid)
    expect(await refused({ images: [dataUrl(source)], mask: dataUrl(source) })).toMatchObject({ code: 'invalid_mask' })
    expect(await refused({ images: Array.from({ length: 17 }, () => dataUrl(source)) })).toMatchObject({
      status: 400,
      code: 'too_many_images',
      param: 'images[16]'
    })
  })

  it('are refused when they are not base64, or where no image is taken', async () => {
    const invalid = { status: 400, code: 'invalid_request' }
    expect(await refused({ image: 'data:image/svg+xml,<svg/>' })).toMatchObject({ ...invalid, param: 'image' })
    expect(await refused({ images: [dataUrl(source)], control: { image: dataUrl(other) } })).toMatchObject(invalid)
    expect(await refused({ images: [dataUrl(source)], image: dataUrl(other) })).toMatchObject({
      ...invalid,
      param: 'image'
    })
  })
})

describe('images stored here', () => {
  it('may be named by id, and by URL with and without its last slash', async () => {
    const { data } = await generate(user.client)
    const [{ url, asset_id: id }] = data as [ImagesAnswer['data'][number]]
    const bytes = Buffer.from(await (await fetch(url)).arrayBuffer())
    const path = `/api/inference/assets/${id}`
    for (const reference of [
      { file_id: id },
      { image_url: url },
      { image_url: url.replace(/\/$/, '') },
      { image_url: `${path}/` },
      { image_url: `${url}?x=1` },
      url
    ]) {
      expect((await edit({ images: [reference] })).images).toEqual([bytes])
    }
  })

  it('may be the outputs of others, and the inputs of one’s own', async () => {
    const stranger = await gateway.addUser()
    const { data } = await generate(stranger.client)
    const first = await edit({ images: [{ file_id: data[0]!.asset_id }] })
    const job = await getJob(user.client, first.answer.request_id)
    const [input] = (job as unknown as { inputs: { asset_id: string; url: string }[] }).inputs
    expect((await edit({ images: [input!.url] })).images).toEqual(first.images)
    for (const body of [{ image: { file_id: input!.asset_id } }, { images: [input!.url] }]) {
      const response = await send({ model: 'editor', prompt: 'x', ...body }, { key: stranger.key, path: EDITS })
      expect([response.status, (await readError(response)).code]).toEqual([404, 'not_found'])
    }
  })

  it('are not stored again, and cannot be used when their bytes are gone', async () => {
    const { data } = await generate(user.client)
    const [{ asset_id: original }] = data as [ImagesAnswer['data'][number]]
    const { answer, images } = await edit({ images: [{ file_id: original }] })
    const rows = await gateway.database.db.selectFrom('assets').selectAll().execute()
    const row = (match: (one: (typeof rows)[number]) => boolean) => rows.find(match)!
    const output = row(({ id }) => id === original)
    const input = row(({ request_id: id, kind }) => id === answer.request_id && kind === 'input')
    const { sha256, bytes, storage_key } = output
    expect(input).toMatchObject({ sha256, bytes, storage_key, owner_id: user.id })
    expect(createHash('sha256').update(images[0]!).digest('hex')).toBe(sha256)
    await gateway.gateway.context.store.remove([storage_key])
    expect((await send({ model: 'editor', prompt: 'x', image: { file_id: original } })).status).toBe(503)
  })

  it('are not found when there are none', async () => {
    const missing = { status: 404, code: 'not_found' }
    expect(await refused({ image: { file_id: 'ast_0000000000000000000000000' } })).toMatchObject(missing)
    expect(await refused({ image: { file_id: 'file-abc' } })).toMatchObject(missing)
    expect(await refused({ images: [`${gateway.url}/api/inference/assets/ast_nonsuch/`] })).toMatchObject(missing)
  })
})

describe('an image stored here', () => {
  it('is ours under every name of this server, and nothing is fetched', async () => {
    const { data } = await generate(user.client)
    const [{ asset_id: id }] = data as [ImagesAnswer['data'][number]]
    const { port } = new URL(gateway.url)
    const path = `/api/inference/assets/${id}/`
    const origins = ['', `http://localhost:${port}`, `https://127.0.0.1:${port}`, `http://[::1]:${port}`]
    const urls = [
      ...[...origins, 'https://club.example', 'https://club.example/below/here', 'http://CLUB.example:8443'].map(
        (origin) => origin + path
      ),
      `https://club.example${path.slice(0, -1)}`,
      `https://club.example${path}?width=64&format=webp#top`
    ]
    for (const url of urls) expect((await edit({ images: [{ image_url: url }] })).images, url).toHaveLength(1)
  })

  it('of somebody else is not found by any of them, as if it were elsewhere', async () => {
    const owner = await gateway.addUser()
    const { answer } = await edit({ images: [dataUrl(source)] })
    const job = await getJob(user.client, answer.request_id)
    const [{ asset_id: id }] = (job as unknown as { inputs: [{ asset_id: string }] }).inputs
    const path = `/api/inference/assets/${id}/`
    for (const [url, code] of [
      [path, 'not_found'],
      [gateway.url + path, 'not_found'],
      [`https://club.example${path}`, 'remote_image_refused']
    ] as const) {
      const sender = { key: owner.key, path: EDITS }
      const response = await send({ model: 'editor', prompt: 'x', image: url }, sender)
      expect((await readError(response)).code, url).toBe(code)
    }
  })
})

describe('a JSON edit that is refused', () => {
  it('because of more data URLs than a call may have, however small', async () => {
    const tiny = 'data:image/png;base64,AAAA'
    expect(await refused({ images: Array<string>(4000).fill(tiny) })).toMatchObject({
      status: 400,
      code: 'too_many_images'
    })
  })

  it('because its images are elsewhere', async () => {
    for (const url of [
      'https://example.org/a.png',
      'http://169.254.169.254/latest/meta-data',
      `${gateway.url}.evil.example/api/inference/assets/ast_x/`,
      `${gateway.url}@evil.example/api/inference/assets/ast_x/`,
      `${gateway.url}/api/inference/assets/../../v1/models`,
      `${gateway.url}/healthz`,
      `ftp://club.example/api/inference/assets/ast_x/`,
      `https://club.example/api/inference/assets/ast_x/more`,
      `https://club.example/?/api/inference/assets/ast_x/`,
      'file:///etc/passwd',
      'photo.png'
    ]) {
      expect(await refused({ images: [{ image_url: url }] })).toMatchObject({
        status: 400,
        code: 'remote_image_refused',
        param: 'images[0]'
      })
    }
    expect(
      await refused({ images: [dataUrl(source)], mask: { image_url: 'https://example.org/m.png' } })
    ).toMatchObject({
      code: 'remote_image_refused',
      param: 'mask'
    })
  })

  it('because a reference has both or neither of its keys', async () => {
    const invalid = { status: 400, code: 'invalid_request', param: 'images[0]' }
    for (const reference of [
      { image_url: dataUrl(source), file_id: 'ast_x' },
      {},
      { url: 'x' },
      { file_id: 7 },
      7,
      null,
      []
    ]) {
      expect(await refused({ images: [reference] })).toMatchObject(invalid)
    }
  })

  it('because something is missing', async () => {
    for (const images of [undefined, null, []]) {
      expect(await refused({ images })).toMatchObject({ status: 400, code: 'missing_file', param: 'image' })
    }
    expect(await refused({ images: [dataUrl(source)], prompt: null })).toMatchObject({ code: 'missing_prompt' })
    expect(await refused({ images: [dataUrl(source)], model: '' })).toMatchObject({ code: 'missing_model' })
  })

  it('because it is no JSON object', async () => {
    const invalid = { status: 400, code: 'invalid_json' }
    const url = dataUrl(source)
    for (const body of [
      '',
      '{',
      `{"image":"${url}`,
      `{"image":"${url}"`,
      `{"image":"${url}"}}`,
      `{"image":"${url}"x}`
    ]) {
      expect(await refused(body), body.slice(0, 40)).toMatchObject(invalid)
    }
    expect(await refused('[]')).toMatchObject({ status: 400, code: 'invalid_request' })
    expect(await refused(`"${url}"`)).toMatchObject({ status: 400, code: 'invalid_request' })
  })

  it('because of too much beside its images', async () => {
    const tooLarge = { status: 413, code: 'request_too_large' }
    expect(await refused({ images: [dataUrl(source)], notes: 'x'.repeat(MAX_TEXT_BYTES) })).toMatchObject(tooLarge)
    const control = dataUrl(Buffer.alloc(MAX_TEXT_BYTES))
    expect(await refused({ images: [dataUrl(source)], control })).toMatchObject(tooLarge)
  })
})

describe('a batch', () => {
  const batch = (requests: unknown[]) => send({ requests }, { key: user.key, path: '/v1/batches' })
  const item = (body: Record<string, unknown>) => ({ endpoint: EDITS, body: { model: 'editor', prompt: 'x', ...body } })

  it('may hold data URLs', async () => {
    const response = await batch([
      item({ images: [dataUrl(source)], prompt: 'batched 0' }),
      item({ image: dataUrl(other), prompt: 'batched 1' })
    ])
    expect(response.status).toBe(202)
    await gateway.drain()
    for (const [index, bytes] of [source, other].entries()) {
      const [call] = upstream.requests.filter(({ form }) => form?.fields.prompt === `batched ${index}`)
      expect(call!.form!.files.map((file) => file.bytes)).toEqual([bytes])
    }
  })

  it('is refused by its text and by its images before it is read', async () => {
    const text = await batch([item({ images: [dataUrl(source)], notes: 'x'.repeat(4 * MAX_TEXT_BYTES) })])
    expect(await readError(text)).toMatchObject({ code: 'request_too_large' })
    const images = await batch([item({ images: Array<string>(513).fill('data:image/png;base64,AAAA') })])
    expect(await readError(images)).toMatchObject({ code: 'too_many_images' })
    const body = `{"requests":${'['.repeat(200_000)}`
    const nested = await send(body, { key: user.key, path: '/v1/batches' })
    expect(await readError(nested)).toMatchObject({ code: 'invalid_request', param: 'requests' })
    const many = await send(`{"requests":[${'[],'.repeat(60_000)}0]}`, { key: user.key, path: '/v1/batches' })
    expect(await readError(many)).toMatchObject({ code: 'request_too_large', param: 'requests' })
  })

  it('of which one is wrong leaves nothing of the others', async () => {
    const before = await storedFiles(gateway.dataDir)
    const response = await batch([item({ image: dataUrl(source) }), item({ image: dataUrl(Buffer.from('text')) })])
    expect(response.status).toBe(415)
    expect(await storedFiles(gateway.dataDir)).toEqual(before)
  })
})
