import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type OpenAI from 'openai'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { exifBlock, withExif, withOddScan } from '../support/test-images.ts'
import { CHANGE_COLOUR } from '../support/fake-openai-pictures.ts'
import { type FakeOpenAIServer, startFakeOpenAIServer } from '../support/fake-openai-server.ts'
import { fetchImage, getJob, type ImagesAnswer } from '../support/image-calls.ts'
import { type Colour, decode, leftHalfTransparent, plain, plainPng } from '../support/pictures.ts'
import { apiErrorOf } from '../support/read-error.ts'
import { startTestGateway, type TestGateway, type TestUser } from '../support/test-gateway.ts'

const SIZE = { width: 64, height: 48 }
const GREEN: Colour = [10, 200, 30]
const BLUE: Colour = [20, 40, 220]
const ALL = ['generate', 'edit', 'mask', 'multi_image', 'variation', 'seed'] as const

let gateway: TestGateway
let readsAlpha: FakeOpenAIServer
let readsWhite: FakeOpenAIServer
let user: TestUser
let folder: string
let source: Buffer
let other: Buffer
let mask: Buffer

beforeAll(async () => {
  ;[readsAlpha, readsWhite] = await Promise.all([
    startFakeOpenAIServer({ maskReading: 'alpha' }),
    startFakeOpenAIServer({ maskReading: 'white' })
  ])
  gateway = await startTestGateway()
  user = await gateway.addUser()
  const served = (id: string) => [{ id, servedAs: id, features: [...ALL] }]
  await gateway.addAgent({
    key: user.key,
    services: [
      { name: 'painter' },
      { name: 'alpha', engine: 'openai', url: readsAlpha.url, models: served('alpha'), multipleOf: 1 },
      {
        name: 'white',
        engine: 'openai',
        url: readsWhite.url,
        models: served('white'),
        options: { mask: 'white-edit' }
      }
    ]
  })
  source = await plainPng(SIZE, GREEN)
  other = await plainPng({ width: 20, height: 30 }, BLUE)
  mask = await leftHalfTransparent(SIZE)
  folder = await mkdtemp(join(tmpdir(), 'edits-'))
  await writeFile(join(folder, 'photo.png'), source)
})

afterAll(async () => {
  await gateway.close()
  await Promise.all([readsAlpha.close(), readsWhite.close(), rm(folder, { recursive: true })])
})

const file = (bytes: Buffer, name = 'photo.png', type = 'image/png') =>
  new File([new Uint8Array(bytes)], name, { type })

/** Through the official client, whose types know neither our sizes nor our fields. */
const edit = async (client: OpenAI, fields: Record<string, unknown>): Promise<ImagesAnswer> =>
  (await client.images.edit({
    model: 'demo',
    prompt: 'make it autumn',
    image: file(source),
    steps: 2,
    ...fields
  } as never)) as unknown as ImagesAnswer

const pictureOf = async (answer: ImagesAnswer, index = 0) => decode((await fetchImage(answer.data[index]!.url)).bytes)

interface Input {
  kind: string
  asset_id: string
  url: string
  media_type: string
  width: number
  height: number
  bytes: number
}
const inputsOf = async (client: OpenAI, answer: ImagesAnswer): Promise<Input[]> =>
  ((await getJob(client, answer.request_id)) as unknown as { inputs: Input[] }).inputs
const storedBytes = async ({ url }: Input, key: string): Promise<Buffer> =>
  Buffer.from(await (await fetch(url, { headers: { authorization: `Bearer ${key}` } })).arrayBuffer())

/** The bytes of the images and the mask of the one upstream call with this prompt, in the order sent. */
const sentTo = (server: FakeOpenAIServer, prompt: string) => {
  const calls = server.requests.filter(({ form }) => form?.fields.prompt === prompt)
  expect(calls).toHaveLength(1)
  return calls[0]!.form!.files
}

describe('the official client', () => {
  it('edits one File', async () => {
    const prompt = 'one file'
    const answer = await edit(user.client, { model: 'alpha', prompt })
    expect(answer).toMatchObject({ size: '64x48', output_format: 'png' })
    expect(answer.data).toHaveLength(1)
    // Without a mask the fake server inverts the image.
    expect((await pictureOf(answer)).at(5, 5)).toEqual(GREEN.map((value) => 255 - value))
    expect(sentTo(readsAlpha, prompt).map(({ bytes }) => bytes)).toEqual([source])
  })

  it('edits an array of one', async () => {
    const prompt = 'an array of one'
    await edit(user.client, { model: 'alpha', prompt, image: [file(source)] })
    expect(sentTo(readsAlpha, prompt).map(({ bytes }) => bytes)).toEqual([source])
  })

  it('edits an array of two with a mask, in the order given', async () => {
    const prompt = 'two and a mask'
    const answer = await edit(user.client, {
      model: 'alpha',
      prompt,
      image: [file(source), file(other, 'other.png')],
      mask: file(mask, 'mask.png')
    })
    const files = sentTo(readsAlpha, prompt)
    expect(files.filter(({ field }) => field !== 'mask').map(({ bytes }) => bytes)).toEqual([source, other])
    expect(files.filter(({ field }) => field === 'mask')).toHaveLength(1)
    // Pixel i of the first row is the first pixel of image i.
    const picture = await pictureOf(answer)
    expect([picture.at(0, 0), picture.at(1, 0)]).toEqual([GREEN, BLUE])
    expect((await inputsOf(user.client, answer)).map(({ kind }) => kind)).toEqual(['input', 'input', 'mask'])
  })

  it('edits a read stream, which it sends chunked and as application/octet-stream', async () => {
    const prompt = 'a read stream'
    const image = createReadStream(join(folder, 'photo.png'))
    const answer = await edit(user.client, { model: 'alpha', prompt, image })
    expect(sentTo(readsAlpha, prompt).map(({ bytes }) => bytes)).toEqual([await readFile(join(folder, 'photo.png'))])
    expect(await inputsOf(user.client, answer)).toMatchObject([{ media_type: 'image/png', width: 64, height: 48 }])
  })

  it.each(['jpeg', 'webp'] as const)('edits a %s', async (format) => {
    const prompt = `of format ${format}`
    const bytes = await plain(SIZE, GREEN).removeAlpha().toFormat(format).toBuffer()
    const answer = await edit(user.client, { model: 'alpha', prompt, image: file(bytes, 'any', 'image/png') })
    expect(await inputsOf(user.client, answer)).toMatchObject([{ media_type: `image/${format}`, bytes: bytes.length }])
    expect(sentTo(readsAlpha, prompt)).toMatchObject([{ bytes, mediaType: `image/${format}` }])
  })

  it('edits 16 images', async () => {
    const prompt = 'sixteen'
    const images = await Promise.all(
      Array.from({ length: 16 }, (_, index) => plainPng({ width: 16 + index, height: 16 }, [index, 0, 0]))
    )
    const answer = await edit(user.client, { model: 'alpha', prompt, image: images.map((bytes) => file(bytes)) })
    expect(sentTo(readsAlpha, prompt).map(({ bytes }) => bytes)).toEqual(images)
    expect((await inputsOf(user.client, answer)).map(({ width }) => width)).toEqual(
      images.map((_, index) => 16 + index)
    )
  })
})

describe('options', () => {
  it('are read from the text of a form', async () => {
    const answer = await edit(user.client, { n: 2, seed: 7, strength: 0.25, size: '40x24', guidance_scale: 2.5 })
    expect(answer).toMatchObject({ size: '40x24', data: [{ seed: 7 }, { seed: 8 }] })
    expect(await getJob(user.client, answer.request_id)).toMatchObject({
      kind: 'edit',
      parameters: { n: 2, size: '40x24', seed: 7, strength: 0.25, guidance_scale: 2.5, steps: 2 }
    })
    const [first, second] = await Promise.all([pictureOf(answer, 0), pictureOf(answer, 1)])
    expect([first.width, first.height]).toEqual([40, 24])
    expect(Array.from({ length: 24 }, (_, y) => first.at(20, y))).not.toEqual(
      Array.from({ length: 24 }, (_, y) => second.at(20, y))
    )
  })

  it.each([undefined, 'auto'])('size %s is the size of the first image', async (size) => {
    const image = [file(other), file(source)]
    for (const model of ['demo', 'alpha']) {
      expect(await edit(user.client, { model, image, ...(size && { size }) })).toMatchObject({ size: '20x30' })
    }
  })

  it('output_format decides the type, and output_compression the bytes', async () => {
    const image = await sharp({
      create: { ...SIZE, channels: 3, background: 'red', noise: { type: 'gaussian', mean: 90, sigma: 40 } }
    })
      .png()
      .toBuffer()
    const sizes: number[] = []
    for (const output_compression of [95, 5]) {
      const answer = await edit(user.client, {
        image: file(image),
        strength: 0,
        output_format: 'jpeg',
        output_compression
      })
      expect(answer.output_format).toBe('jpeg')
      const { bytes, mediaType, format } = await fetchImage(answer.data[0]!.url)
      expect([mediaType, format]).toEqual(['image/jpeg', 'jpeg'])
      sizes.push(bytes.length)
    }
    expect(sizes[0]).toBeGreaterThan(2 * sizes[1]!)
  })

  it('response_format b64_json gives the bytes as well', async () => {
    const answer = await edit(user.client, { response_format: 'b64_json' })
    const { bytes } = await fetchImage(answer.data[0]!.url)
    expect(Buffer.from(answer.data[0]!.b64_json!, 'base64')).toEqual(bytes)
  })

  it('strength 0 keeps the image, 1 does not', async () => {
    expect((await pictureOf(await edit(user.client, { strength: 0 }))).share(GREEN)).toBe(1)
    expect((await pictureOf(await edit(user.client, { strength: '1' }))).share(GREEN)).toBeLessThan(0.1)
  })

  it('the same edit again gives the same picture', async () => {
    const fields = { seed: 11, mask: file(mask) }
    const [first, again] = [await edit(user.client, fields), await edit(user.client, fields)]
    const pictures = await Promise.all([first, again].map(({ data }) => fetchImage(data[0]!.url)))
    expect(pictures[0]!.bytes).toEqual(pictures[1]!.bytes)
  })

  it('are refused by name when they make no sense', async () => {
    const refused = async (fields: Record<string, unknown>) => {
      const { status, code, param } = await apiErrorOf(edit(user.client, fields))
      return { status, code, param }
    }
    expect(await refused({ n: 0 })).toEqual({ status: 400, code: 'invalid_request', param: 'n' })
    expect(await refused({ strength: 1.5 })).toEqual({ status: 400, code: 'invalid_request', param: 'strength' })
    expect(await refused({ seed: 'x' })).toEqual({ status: 400, code: 'invalid_request', param: 'seed' })
    expect(await refused({ size: 'huge' })).toEqual({ status: 400, code: 'invalid_size', param: 'size' })
    expect(await refused({ prompt: ' ' })).toEqual({ status: 400, code: 'missing_prompt', param: 'prompt' })
    expect(await refused({ model: '' })).toEqual({ status: 400, code: 'missing_model', param: 'model' })
    expect(await refused({ image: [] })).toEqual({ status: 400, code: 'missing_file', param: 'image' })
  })
})

describe('a mask', () => {
  it('says with alpha 0 what the demo painter changes', async () => {
    const picture = await pictureOf(await edit(user.client, { mask: file(mask) }))
    expect(picture.share(GREEN, { from: 32 })).toBe(1)
    expect(picture.share(GREEN, { to: 32 })).toBeLessThan(0.1)
  })

  it.each(['alpha', 'white'])('says the same to an image server that reads %s', async (model) => {
    const picture = await pictureOf(await edit(user.client, { model, mask: file(mask) }))
    expect(picture.share(CHANGE_COLOUR, { to: 32 })).toBe(1)
    expect(picture.share(GREEN, { from: 32 })).toBe(1)
  })

  it.each(['demo', 'alpha', 'white'])('is what counts for %s, whatever colour is under it', async (model) => {
    const inWhite = await leftHalfTransparent(SIZE, [255, 255, 255])
    const picture = await pictureOf(await edit(user.client, { model, mask: file(inWhite) }))
    expect(picture.share(GREEN, { from: 32 })).toBe(1)
    expect(picture.share(GREEN, { to: 32 })).toBeLessThan(0.1)
  })

  it('may be a webp', async () => {
    const webp = await sharp(mask).webp({ lossless: true }).toBuffer()
    const picture = await pictureOf(await edit(user.client, { model: 'white', mask: file(webp, 'mask.webp') }))
    expect(picture.share(CHANGE_COLOUR, { to: 32 })).toBe(1)
    expect(picture.share(GREEN, { from: 32 })).toBe(1)
  })

  it('applies to the first of several images', async () => {
    const answer = await edit(user.client, { model: 'white', image: [file(source), file(other)], mask: file(mask) })
    const picture = await pictureOf(answer)
    expect(picture.share(CHANGE_COLOUR, { from: 2, to: 32 })).toBe(1)
    expect(picture.share(GREEN, { from: 32 })).toBe(1)
  })

  it('must be of the size of the first image and have an alpha channel', async () => {
    const wrongSize = await leftHalfTransparent({ width: 48, height: 64 })
    const refused = apiErrorOf(edit(user.client, { image: [file(source), file(wrongSize)], mask: file(wrongSize) }))
    expect(await refused).toMatchObject({ status: 400, code: 'invalid_mask', param: 'mask' })
    expect((await refused).message).toMatch(/48x64.*64x48/)
    for (const format of ['png', 'jpeg', 'webp'] as const) {
      const opaque = await plain(SIZE, [255, 255, 255]).removeAlpha().toFormat(format).toBuffer()
      const error = await apiErrorOf(edit(user.client, { mask: file(opaque) }))
      expect(error).toMatchObject({ status: 400, code: 'invalid_mask', param: 'mask' })
    }
  })
})

describe('the transparency of an image', () => {
  const WANTED = { inference_club_alpha_mask: 'true' }

  it.each([0, 250])('is no mask by itself: with one pixel of alpha %i the whole image is edited', async (alpha) => {
    const pixels = await plain(SIZE, GREEN).raw().toBuffer()
    pixels[3] = alpha
    const image = await sharp(pixels, { raw: { ...SIZE, channels: 4 } })
      .png()
      .toBuffer()
    for (const model of ['demo', 'alpha']) {
      const prompt = `all of it, ${alpha}`
      const answer = await edit(user.client, { model, prompt, image: file(image) })
      expect(answer).not.toHaveProperty('warnings')
      expect((await pictureOf(answer)).share(GREEN)).toBeLessThan(0.1)
      if (model === 'alpha') expect(sentTo(readsAlpha, prompt).map(({ field }) => field)).toEqual(['image'])
    }
  })

  it.each(['demo', 'alpha', 'white'])('is the mask where the caller asks for that, for %s', async (model) => {
    const hole = await leftHalfTransparent(SIZE, GREEN)
    const answer = await edit(user.client, { model, image: file(hole), ...WANTED })
    const picture = await pictureOf(answer)
    expect(picture.share(GREEN, { from: 32 })).toBe(1)
    expect(picture.share(GREEN, { to: 32 })).toBeLessThan(0.1)
    expect(answer.warnings).toEqual([expect.stringMatching(/alpha 0.*first image was the mask/)])
    expect((await inputsOf(user.client, answer)).map(({ kind }) => kind)).toEqual(['input'])
    expect((await getJob(user.client, answer.request_id)).parameters).toMatchObject({ inference_club_alpha_mask: true })
  })

  it('counts as a mask only where it is full, and a warning says when it is nowhere', async () => {
    const glass = await plain(SIZE, GREEN, 0.5).png().toBuffer()
    const prompt = 'glass'
    const answer = await edit(user.client, { model: 'alpha', prompt, image: file(glass), ...WANTED })
    const said = 'No pixel of the first image is fully transparent: the whole image was edited.'
    expect(answer.warnings).toContainEqual(expect.stringContaining(said))
    expect(sentTo(readsAlpha, prompt).map(({ field }) => field)).toEqual(['image'])
  })

  it('is not asked for where there is none, with a warning', async () => {
    const answer = await edit(user.client, WANTED)
    expect(answer.warnings).toEqual([expect.stringContaining('has no transparency')])
  })

  it('gives way to a mask that is sent, with a warning', async () => {
    const hole = await leftHalfTransparent(SIZE, GREEN)
    const rightHalf = await sharp(mask).flop().png().toBuffer()
    const sent = { model: 'white', image: file(hole), mask: file(rightHalf), ...WANTED }
    const answer = await edit(user.client, sent)
    const picture = await pictureOf(answer)
    expect(picture.share(CHANGE_COLOUR, { from: 32 })).toBe(1)
    expect(picture.share(CHANGE_COLOUR, { to: 32 })).toBe(0)
    expect(answer.warnings).toEqual([expect.stringContaining("there is a 'mask'")])
  })
})

describe('a photo as telephones write it', () => {
  const photo = async () => Buffer.from(await plain(SIZE, GREEN).removeAlpha().jpeg().toBuffer())

  it('with odd scan parameters is edited, and is a reference', async () => {
    const image = withOddScan(await photo())
    expect(await edit(user.client, { image: file(image) })).toMatchObject({ size: '64x48' })
    expect(await edit(user.client, { image: [file(source), file(image)] })).toMatchObject({ size: '64x48' })
  })

  it.each(['demo', 'alpha', 'white'])('with its orientation as a LONG takes an upright mask, for %s', async (model) => {
    const image = withExif(await photo(), exifBlock(6, 'MM', 'LONG'), SIZE)
    const upright = await leftHalfTransparent({ width: 48, height: 64 })
    const answer = await edit(user.client, { model, image: file(image), mask: file(upright) })
    expect(answer.size).toBe('48x64')
    expect(await inputsOf(user.client, answer)).toMatchObject([
      { kind: 'input', width: 48, height: 64 },
      { kind: 'mask', width: 48, height: 64 }
    ])
  })
})

describe('sources and mask', () => {
  it('are assets of the request, byte by byte as they were sent', async () => {
    const { client, key, id } = await gateway.addUser()
    const sent = [source, other, mask]
    const answer = await edit(client, { image: [file(source), file(other)], mask: file(mask) })
    const inputs = await inputsOf(client, answer)
    expect(inputs).toMatchObject([
      { kind: 'input', media_type: 'image/png', width: 64, height: 48, bytes: source.length },
      { kind: 'input', media_type: 'image/png', width: 20, height: 30, bytes: other.length },
      { kind: 'mask', media_type: 'image/png', width: 64, height: 48, bytes: mask.length }
    ])
    for (const [index, input] of inputs.entries()) expect(await storedBytes(input, key)).toEqual(sent[index])
    const rows = await gateway.database.db
      .selectFrom('assets')
      .selectAll()
      .where('request_id', '=', answer.request_id)
      .where('kind', '!=', 'output')
      .orderBy('kind')
      .orderBy('position')
      .execute()
    expect(rows).toMatchObject(
      sent.map((bytes, index) => ({
        id: inputs[index]!.asset_id,
        owner_id: id,
        kind: index === 2 ? 'mask' : 'input',
        position: index === 2 ? 0 : index,
        bytes: bytes.length,
        sha256: createHash('sha256').update(bytes).digest('hex')
      }))
    )
  })

  it('are stored before the work, and shared by all images of the request', async () => {
    const { client } = await gateway.addUser()
    const answer = await edit(client, { n: 3 })
    expect(await inputsOf(client, answer)).toHaveLength(1)
    expect(answer.data).toHaveLength(3)
  })

  it('are seen by their owner and admins alone', async () => {
    const owner = await gateway.addUser()
    const stranger = await gateway.addUser()
    const admin = await gateway.addUser({ role: 'admin' })
    const other = await gateway.addKey(owner, { scopes: ['agent', 'usage'] })
    const answer = await edit(owner.client, { mask: file(mask) })
    const inputs = await inputsOf(owner.client, answer)
    expect(inputs).toHaveLength(2)
    for (const { url } of inputs) {
      const statusFor = async (key?: string) =>
        (await fetch(url, key === undefined ? {} : { headers: { authorization: `Bearer ${key}` } })).status
      expect(await Promise.all([undefined, stranger.key, owner.key, other.key, admin.key].map(statusFor))).toEqual([
        404, 404, 200, 403, 200
      ])
    }
    expect((await fetch(answer.data[0]!.url)).status).toBe(200)
    expect(await apiErrorOf(getJob(stranger.client, answer.request_id))).toMatchObject({ status: 404 })
  })

  it('are upright in the job and on the way to the engine when EXIF says so', async () => {
    const prompt = 'turned'
    const topIsBlue = Buffer.concat([
      Buffer.from(Array.from({ length: 40 * 10 }, () => BLUE).flat()),
      Buffer.from(Array.from({ length: 40 * 10 }, () => GREEN).flat())
    ])
    const image = await sharp(topIsBlue, { raw: { width: 40, height: 20, channels: 3 } })
      .withMetadata({ orientation: 6 })
      .png()
      .toBuffer()
    const answer = await edit(user.client, { model: 'alpha', prompt, image: file(image) })
    expect(answer.size).toBe('20x40')
    const inputs = await inputsOf(user.client, answer)
    expect(inputs).toMatchObject([{ width: 20, height: 40 }])
    expect(await storedBytes(inputs[0]!, user.key)).toEqual(image)
    // Turned by a quarter to the right: what was on top is on the right.
    const [sent] = sentTo(readsAlpha, prompt)
    const upright = await decode(sent!.bytes)
    expect([upright.at(2, 20), upright.at(18, 20)]).toEqual([GREEN, BLUE])
    expect((await sharp(sent!.bytes).metadata()).orientation).toBeUndefined()
  })
})
