import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { animatedWebp, idat, ihdr, pattern, png16, pngChunk, pngOf } from '../support/test-images.ts'
import { type FakeOpenAIServer, startFakeOpenAIServer } from '../support/fake-openai-server.ts'
import type { ImagesAnswer } from '../support/image-calls.ts'
import { type FormPart, multipart, type MultipartOptions } from '../support/multipart.ts'
import { type Colour, decode, leftHalfTransparent, plainPng } from '../support/pictures.ts'
import { startRawRequest } from '../support/raw-request.ts'
import { readError } from '../support/read-error.ts'
import { storedFiles } from '../support/stored-files.ts'
import { startTestGateway, type TestGateway, type TestUser } from '../support/test-gateway.ts'

const EDITS = '/v1/images/edits'
const SIZE = { width: 24, height: 16 }
const GREEN: Colour = [10, 200, 30]
const MAX_INPUT_PIXELS = 10_000
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
      INFERENCE_CLUB_LIMITS_MAX_INPUT_PIXELS: String(MAX_INPUT_PIXELS),
      INFERENCE_CLUB_LIMITS_MAX_BODY_BYTES: String(MAX_TEXT_BYTES)
    }
  })
  user = await gateway.addUser()
  await gateway.addAgent({
    key: user.key,
    services: [
      {
        engine: 'openai',
        url: upstream.url,
        extras: 'any',
        models: [{ id: 'editor', servedAs: 'editor', features: ['edit', 'mask', 'multi_image'] }]
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

const text = (name: string, body: string): FormPart => ({ name, body })
const image = (body: Buffer, name = 'image', filename = 'photo.png'): FormPart => ({
  name,
  body,
  filename,
  type: 'image/png'
})

const post = ({ body, contentType }: { body: Buffer; contentType: string }) =>
  gateway.call(EDITS, {
    method: 'POST',
    key: user.key,
    headers: { 'content-type': contentType },
    body: new Uint8Array(body)
  })

let prompts = 0
const newPrompt = () => `prompt ${++prompts}`

/** Sends a form that must be fine; returns what the image server got, in order. */
async function edit(
  makeParts: (prompt: string) => FormPart[],
  options: MultipartOptions & { contentType?: string } = {}
) {
  const prompt = newPrompt()
  const form = multipart(makeParts(prompt), options)
  const response = await post({ ...form, contentType: options.contentType ?? form.contentType })
  const answer = (await response.json()) as ImagesAnswer
  expect(answer).toMatchObject({ data: [{}] })
  return sentWith(prompt)
}

function sentWith(prompt: string) {
  const calls = upstream.requests.filter(({ form }) => form?.fields.prompt === prompt)
  expect(calls).toHaveLength(1)
  const { files, fields } = calls[0]!.form!
  return {
    fields,
    images: files.filter(({ field }) => field !== 'mask').map(({ bytes }) => bytes),
    hasMask: files.some(({ field }) => field === 'mask')
  }
}

/** Sends a form that must be refused, and expects that nothing of it stays. */
async function refused(parts: FormPart[], options: MultipartOptions & { contentType?: string } = {}) {
  const before = await storedFiles(gateway.dataDir)
  const form = multipart(parts, options)
  const response = await post({ ...form, contentType: options.contentType ?? form.contentType })
  const { code, param, message } = await readError(response)
  expect(await storedFiles(gateway.dataDir)).toEqual(before)
  return { status: response.status, code, param, message }
}

describe('a form', () => {
  it('may have its mask first and its prompt last', async () => {
    const sent = await edit((prompt) => [
      image(mask, 'mask', 'mask.png'),
      image(source),
      text('model', 'editor'),
      text('prompt', prompt)
    ])
    expect(sent).toMatchObject({ images: [source], hasMask: true })
  })

  it.each([
    ['image', 'image'],
    ['image[]', 'image[]'],
    ['image[0]', 'image[1]'],
    ['image', 'image[]'],
    ['image[]', 'image[7]']
  ])('may call its images %s and %s', async (first, second) => {
    const sent = await edit((prompt) => [
      text('model', 'editor'),
      image(source, first),
      text('prompt', prompt),
      image(other, second)
    ])
    expect(sent).toMatchObject({ images: [source, other], hasMask: false })
  })

  it('may number its images and send them in another order', async () => {
    const sent = await edit((prompt) => [
      image(other, 'image[1]'),
      text('prompt', prompt),
      image(source, 'image[0]'),
      text('model', 'editor')
    ])
    expect(sent.images).toEqual([source, other])
  })

  it('may call its mask mask[]', async () => {
    const sent = await edit((prompt) => [
      text('model', 'editor'),
      text('prompt', prompt),
      image(source),
      image(mask, 'mask[]')
    ])
    expect(sent.hasMask).toBe(true)
  })

  it.each<[string, Partial<FormPart>]>([
    ['no file name', { type: 'image/png' }],
    ['no file name and no type', {}],
    ['no file name and application/octet-stream', { type: 'application/octet-stream' }],
    ['a wrong type', { type: 'text/plain', filename: 'x.txt' }],
    ['an empty file name', { type: 'image/png', filename: '' }],
    ['a strange file name', { type: 'image/png', filename: '..\\..\\ä%22; name=x.png' }],
    ['other headers', { headers: ['content-length: 99', 'CONTENT-DISPOSITION:form-data;name=image; filename=a.png'] }]
  ])('may send an image with %s', async (_what, part) => {
    const sent = await edit((prompt) => [
      text('model', 'editor'),
      { name: 'image', body: source, ...part },
      text('prompt', prompt)
    ])
    expect(sent.images).toEqual([source])
  })

  it('may send text with a type of its own', async () => {
    const sent = await edit((prompt) => [
      { name: 'model', body: 'editor', type: 'text/plain; charset=utf-8' },
      image(source),
      { name: 'prompt', body: prompt, type: 'application/octet-stream' }
    ])
    expect(sent.images).toEqual([source])
  })

  it('keeps every character of a text', async () => {
    const prompt = `über “leaf” 🦊 ${newPrompt()}\r\n--a-Boundar\r\n\r\n--\r\n`
    await post(multipart([text('model', 'editor'), text('prompt', prompt), image(source)]))
    expect(sentWith(prompt).images).toEqual([source])
  })

  it('passes fields on that only the image server knows', async () => {
    const { fields } = await edit((prompt) => [
      text('model', 'editor'),
      text('prompt', prompt),
      image(source),
      text('tiling', 'true'),
      text('svg[model]', 'x')
    ])
    expect(fields).toMatchObject({ tiling: 'true', 'svg[model]': 'x' })
  })

  it('takes an empty text as not sent', async () => {
    await edit((prompt) => [
      text('model', 'editor'),
      text('prompt', prompt),
      image(source),
      text('n', ''),
      text('size', '')
    ])
  })

  it('takes a file input that was left empty, as browsers send it, as not sent', async () => {
    const sent = await edit((prompt) => [
      text('model', 'editor'),
      text('prompt', prompt),
      image(source),
      { name: 'mask', filename: '', body: '', type: 'application/octet-stream' }
    ])
    expect(sent.hasMask).toBe(false)
  })

  it.each<[string, MultipartOptions & { contentType?: string }]>([
    ['a quoted boundary', { contentType: 'multipart/form-data; boundary="a-Boundary"' }],
    ['an unquoted one and other parameters', { contentType: 'Multipart/Form-Data; charset=utf-8;boundary=a-Boundary' }],
    [
      'a boundary of odd characters',
      { boundary: "'()+_,-./:=? x", contentType: `multipart/form-data; boundary="'()+_,-./:=? x"` }
    ],
    ['a long boundary', { boundary: 'b'.repeat(70) }],
    ['an epilogue', { epilogue: 'and nothing more\r\n--a-Boundary\r\n\r\nno part' }],
    ['a preamble', { preamble: 'This is a form of many parts.\r\n' }]
  ])('may have %s', async (_what, options) => {
    const sent = await edit((prompt) => [image(source), text('prompt', prompt), text('model', 'editor')], options)
    expect(sent.images).toEqual([source])
  })

  it('may come byte by byte', async () => {
    const prompt = newPrompt()
    const { body, contentType } = multipart([
      image(mask, 'mask'),
      text('prompt', prompt),
      image(source),
      text('model', 'editor')
    ])
    const { request, answer } = startRawRequest(gateway.url + EDITS, {
      authorization: `Bearer ${user.key}`,
      'content-type': contentType
    })
    request.setNoDelay(true)
    for (const byte of body) request.write(Buffer.of(byte))
    request.end()
    expect((await answer).status).toBe(200)
    expect(sentWith(prompt)).toMatchObject({ images: [source], hasMask: true })
  })
})

describe('a form that is refused', () => {
  const fine = () => [text('model', 'editor'), text('prompt', 'a fox'), image(source)]
  const invalid = { status: 400, code: 'invalid_request', param: null }

  it('because it ends too early', async () => {
    expect(await refused(fine(), { final: false })).toMatchObject(invalid)
    const { body, contentType } = multipart(fine())
    for (const length of [0, 1, 20, 60, 200, body.length - 100, body.length - 5]) {
      const response = await post({ body: body.subarray(0, length), contentType })
      expect([response.status, (await readError(response)).code], `${length} bytes`).toEqual([400, 'invalid_request'])
    }
  })

  it('because of its boundary or its line ends', async () => {
    expect(await refused(fine(), { contentType: 'multipart/form-data; boundary=another' })).toMatchObject(invalid)
    expect(await refused(fine(), { contentType: 'multipart/form-data' })).toMatchObject(invalid)
    expect(await refused(fine(), { contentType: `multipart/form-data; boundary=${'b'.repeat(300)}` })).toMatchObject(
      invalid
    )
    expect(await refused(fine(), { newline: '\n' })).toMatchObject(invalid)
  })

  it('because of too many images, masks or fields', async () => {
    const images = (count: number) => Array.from({ length: count }, () => image(source, 'image[]'))
    expect(await refused([text('model', 'editor'), text('prompt', 'x'), ...images(17)])).toMatchObject({
      status: 400,
      code: 'too_many_images',
      param: 'image[]',
      message: expect.stringContaining('16') as string
    })
    expect(await refused([...fine(), image(mask, 'mask'), image(mask, 'mask')])).toMatchObject({
      status: 400,
      code: 'too_many_images',
      param: 'mask'
    })
    const fields = Array.from({ length: 500 }, (_, index) => text(`field${index}`, 'x'))
    expect(await refused([...fine(), ...fields])).toMatchObject(invalid)
  })

  it('because of what is missing', async () => {
    const [model, prompt, photo] = fine() as [FormPart, FormPart, FormPart]
    expect(await refused([model, prompt])).toMatchObject({ status: 400, code: 'missing_file', param: 'image' })
    expect(await refused([model, prompt, image(mask, 'mask')])).toMatchObject({ code: 'missing_file', param: 'image' })
    expect(await refused([model, photo])).toMatchObject({ status: 400, code: 'missing_prompt', param: 'prompt' })
    expect(await refused([prompt, photo])).toMatchObject({ status: 400, code: 'missing_model', param: 'model' })
    expect(await refused([])).toMatchObject({ status: 400 })
  })

  it('because of a file or part nobody asked for', async () => {
    expect(await refused([...fine(), image(source, 'markup')])).toMatchObject({ ...invalid, param: 'markup' })
    expect(await refused([...fine(), image(source, 'image[x]')])).toMatchObject({ ...invalid, param: 'image[x]' })
    expect(await refused([...fine(), { body: 'no name' }])).toMatchObject(invalid)
    expect(await refused([...fine(), { body: source, filename: 'no-name.png' }])).toMatchObject(invalid)
  })

  it('because of too much text, in one field or in many', async () => {
    const tooLarge = { status: 413, code: 'request_too_large' }
    const long = 'x'.repeat(MAX_TEXT_BYTES + 1)
    expect(await refused([...fine(), text('notes', long)])).toMatchObject({ ...tooLarge, param: 'notes' })
    const many = Array.from({ length: 100 }, (_, index) => text(`field${index}`, long.slice(0, 1000)))
    expect(await refused([...fine(), ...many])).toMatchObject(tooLarge)
  })

  it('because it is no form', async () => {
    const response = await gateway.call(EDITS, {
      method: 'POST',
      key: user.key,
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: 'model=editor&prompt=x'
    })
    expect([response.status, (await readError(response)).code]).toEqual([415, 'unsupported_media_type'])
    const empty = await gateway.call(EDITS, { method: 'POST', key: user.key })
    expect(empty.status).toBe(415)
    expect((await readError(empty)).message).toContain('multipart/form-data')
  })
})

describe('a file that is no image to work with', () => {
  const unsupported = { status: 415, code: 'unsupported_media_type' }
  const invalid = { status: 400, code: 'invalid_image' }
  const half = (bytes: Buffer) => bytes.subarray(0, bytes.length / 2)
  const picture = () => pattern(60, 40, 4)
  const kinds: [string, () => Buffer | Promise<Buffer>, { status: number; code: string }, RegExp][] = [
    ['text', () => Buffer.from('Dear Sir or Madam'), unsupported, /text/],
    ['an SVG', () => Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>'), unsupported, /SVG/],
    ['a GIF', () => picture().gif().toBuffer(), unsupported, /GIF/],
    ['an AVIF', () => Buffer.from('\0\0\0\x20ftypavif\0\0\0\0avifmif1', 'latin1'), unsupported, /AVIF/],
    ['base64', async () => Buffer.from((await picture().png().toBuffer()).toString('base64')), unsupported, /base64/],
    ['random bytes', () => Buffer.from('\x01\x02\xfe\x03'.repeat(100), 'latin1'), unsupported, /png, jpeg or webp/],
    ['an empty file', () => Buffer.alloc(0), invalid, /empty/],
    ['half a png', async () => half(await picture().png().toBuffer()), invalid, /too early/],
    ['half a jpeg', async () => half(await picture().jpeg().toBuffer()), invalid, /too early/],
    ['half a webp', async () => half(await picture().webp().toBuffer()), invalid, /too early/],
    [
      'a png without its last bytes',
      async () => (await picture().png().toBuffer()).subarray(0, -5),
      invalid,
      /too early/
    ],
    ['a png with a wrong checksum', () => pngOf(ihdr(), spoilt(idat())), invalid, /checksum/],
    ['an animated png', () => pngOf(ihdr(), pngChunk('acTL', Buffer.alloc(8)), idat()), unsupported, /animated/],
    ['an animated webp', () => animatedWebp(), unsupported, /animated/],
    [
      'a decompression bomb',
      () => pngOf(ihdr({ width: 60_000, height: 60_000 }), idat()),
      { status: 400, code: 'image_too_large' },
      /10000 pixels/
    ],
    [
      'an image just above the limit of pixels',
      () => plainPng({ width: 101, height: 100 }, GREEN),
      { status: 400, code: 'image_too_large' },
      /10000 pixels/
    ]
  ]
  const spoilt = (chunk: Buffer) => Buffer.concat([chunk.subarray(0, -1), Buffer.of(chunk.at(-1)! ^ 1)])

  it.each(kinds)('%s', async (_what, make, wanted, message) => {
    const bytes = await make()
    const fields = [text('model', 'editor'), text('prompt', 'a fox')]
    expect(await refused([...fields, image(bytes)])).toMatchObject({
      ...wanted,
      param: 'image',
      message: expect.stringMatching(message) as string
    })
    expect(await refused([...fields, image(source, 'image[]'), image(bytes, 'image[]')])).toMatchObject({
      ...wanted,
      param: 'image[]'
    })
    expect(await refused([image(bytes, 'mask'), image(source), ...fields])).toMatchObject({ ...wanted, param: 'mask' })
  })
})

describe('an image that engines do not take as it is', () => {
  /** What the image server got for it. */
  async function sent(bytes: Buffer) {
    const { images } = await edit((prompt) => [text('model', 'editor'), text('prompt', prompt), image(bytes)])
    expect(images).toHaveLength(1)
    return { metadata: await sharp(images[0]).metadata(), picture: await decode(images[0]!) }
  }

  it('is of 16 bits: it gets 8', async () => {
    const { metadata, picture } = await sent(png16({ width: 12, height: 10, value: 0x8000, alpha: 0xffff }))
    expect(metadata).toMatchObject({ format: 'png', depth: 'uchar', width: 12, height: 10 })
    expect(picture.at(5, 5)).toEqual([128, 128, 128])
  })

  it('is CMYK: it becomes RGB', async () => {
    const cmyk = await sharp({ create: { ...SIZE, channels: 3, background: { r: 220, g: 40, b: 30 } } })
      .toColourspace('cmyk')
      .jpeg()
      .toBuffer()
    expect((await sharp(cmyk).metadata()).space).toBe('cmyk')
    const { metadata, picture } = await sent(cmyk)
    expect(metadata).toMatchObject({ format: 'png', space: 'srgb', channels: 3 })
    const [red, green, blue] = picture.at(5, 5) as [number, number, number]
    expect(red).toBeGreaterThan(170)
    expect(Math.max(green, blue)).toBeLessThan(100)
  })

  it.each([1, 2, 3, 4, 5, 6, 7, 8])('is turned by EXIF orientation %i: it stands upright', async (orientation) => {
    const red = { create: { width: 20, height: 10, channels: 3 as const, background: 'red' } }
    const blue = await sharp({ create: { width: 10, height: 5, channels: 3, background: 'blue' } })
      .png()
      .toBuffer()
    const turned = await sharp(red)
      .composite([{ input: blue, left: 0, top: 0 }])
      .withMetadata({ orientation })
      .jpeg({ quality: 100, chromaSubsampling: '4:4:4' })
      .toBuffer()
    const { metadata, picture } = await sent(turned)
    expect([metadata.width, metadata.height]).toEqual(orientation >= 5 ? [10, 20] : [20, 10])
    const wanted = await decode(await sharp(turned).autoOrient().png().toBuffer())
    for (const [x, y] of [
      [1, 1],
      [-2, 1],
      [1, -2],
      [-2, -2]
    ] as const) {
      const place = [x < 0 ? picture.width + x : x, y < 0 ? picture.height + y : y] as const
      expect(picture.at(...place)).toEqual(wanted.at(...place))
    }
  })
})
